import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Command, Option } from 'commander';
import { readMessage } from '../core/messages.ts';
import type { Explanation } from '../core/refusal.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { explainCommand } from '../explain/explainLaunched.ts';
import { explainProcess } from '../explain/explainProcess.ts';
import { parseLaunchNotes } from '../launch/launchNotes.ts';
import { findExecutable } from '../launch/launchPlan.ts';
import { kernelRoot } from '../procfs/root.ts';
import { explanationDocument, explanationText, logText } from '../reporters/explainText.ts';
import { loadLibc } from '../sys/libc.ts';
import { REAL_CLOCK } from '../sys/realClock.ts';
import { listenForStop } from '../sys/stopSignals.ts';
import { duration, pid } from './values.ts';

interface Flags {
  pid?: number;
  log?: string;
  for: number;
  json?: true;
  trace?: true;
  toTheEnd?: true;
  keep?: true;
}

const DAY_MS = 86_400_000;
const SHOWN_LINES = 20;

/** `threadguard explain`: which ceiling refused a thread, a process or a map. */
export function explainCommandLine(): Command {
  return new Command('explain')
    .description('which ceiling refused a thread, a process or a map')
    .argument('[command...]', 'run this until something is refused to it, after --')
    .passThroughOptions()
    .showSuggestionAfterError()
    .addOption(new Option('--pid <pid>', 'a process that runs already').argParser(pid))
    .addOption(new Option('--log <file>', 'what a program printed'))
    .addOption(
      new Option('--for <duration>', 'how long to watch at most (a command: until it ends)')
        .argParser(duration)
        .default(-1, 'with --pid 0, traced without end'),
    )
    .addOption(new Option('--json', 'one JSON document'))
    .addOption(
      new Option(
        '--trace',
        'watch the refused call itself: tracefs (5 to 10 %), else strace (threads are made ten times slower)',
      ),
    )
    .addOption(new Option('--to-the-end', 'let it take the last 5% of the machine too'))
    .addOption(new Option('--keep', 'let the command go on after the refusal'))
    .action(async (command: string[], flags: Flags) => {
      process.exitCode = await explain(command, flags);
    });
}

async function explain(command: readonly string[], flags: Flags): Promise<number> {
  const named = [command.length > 0, flags.pid !== undefined, flags.log !== undefined].filter(Boolean).length;
  if (named !== 1) {
    throw new GuardError(
      'no-subject',
      named === 0 ? 'nothing to explain was named' : 'more than one subject was named',
      {
        hint: 'threadguard explain -- COMMAND, or explain --pid PID, or explain --log FILE',
      },
    );
  }
  if (flags.trace === true && flags.log !== undefined) {
    throw new GuardError('no-trace', '--trace watches calls, and a log has none', { hint: 'leave one of them out' });
  }
  if (flags.log !== undefined) return explainLog(flags.log, flags.json === true);
  const signals = listenForStop();
  try {
    return await explainSubject(command, flags, signals.stop);
  } finally {
    signals.close();
  }
}

async function explainSubject(command: readonly string[], flags: Flags, stop: AbortSignal): Promise<number> {
  const world = {
    root: kernelRoot(),
    libc: loadLibc(),
    clock: REAL_CLOCK,
    stop,
    passThrough: (chunk: Buffer) => void process.stderr.write(chunk),
    onNote: note,
  };
  const trace = flags.trace === true;
  if (flags.pid !== undefined) {
    // What is traced has to fail while it is watched.
    const forMs = flags.for < 0 ? (trace ? DAY_MS : 0) : flags.for;
    const { label, explanation } = await explainProcess({ pid: flags.pid, forMs, trace }, world);
    return tell(label, explanation, flags);
  }
  const notes = parseLaunchNotes(process.env);
  const [file] = command as [string];
  findExecutable(file, notes.env['PATH']);
  const explanation = await explainCommand(
    {
      command,
      env: notes.env,
      trace,
      toTheEnd: flags.toTheEnd === true,
      keep: flags.keep === true,
      timeoutMs: flags.for < 0 ? DAY_MS : flags.for,
    },
    world,
  );
  return tell(basename(file), explanation, flags);
}

function note(sentence: string): void {
  process.stderr.write(`threadguard: ${sentence}\n`);
}

/** 0 when a ceiling was named, 1 when nothing was refused. The words go to stderr: stdout is the command’s. */
function tell(subject: string, explanation: Explanation, flags: Flags): number {
  if (flags.json === true) process.stdout.write(`${JSON.stringify(explanationDocument(subject, explanation))}\n`);
  else process.stderr.write(`threadguard: ${explanationText(subject, explanation)}`);
  return explanation.verdict === 'none' ? 1 : 0;
}

function explainLog(path: string, isJson: boolean): number {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    throw new GuardError('no-log', `cannot read ${path} (${errnoOf(error)})`, { hint: 'name a file that can be read' });
  }
  const found = text
    .split('\n')
    .map((line, index) => ({ line: index + 1, message: readMessage(line) }))
    .filter((one): one is { line: number; message: NonNullable<typeof one.message> } => one.message !== undefined);
  if (isJson)
    process.stdout.write(`${JSON.stringify({ schema: 'threadguard.explain/1', log: path, messages: found })}\n`);
  else if (found.length === 0) process.stdout.write(`${path} tells of no refused thread, process or map\n`);
  else process.stdout.write(logText(found.slice(0, SHOWN_LINES)));
  return found.length === 0 ? 1 : 0;
}
