import { basename } from 'node:path';
import { Command } from 'commander';
import type { Explanation } from '../core/refusal.ts';
import { jsonLine } from '../core/units.ts';
import { explainCommand } from '../explain/explainLaunched.ts';
import { explainProcess } from '../explain/explainProcess.ts';
import { readSlice } from '../flags/flag.ts';
import { parseLaunchNotes } from '../launch/launchNotes.ts';
import { findExecutable } from '../launch/launchPlan.ts';
import { kernelRoot } from '../procfs/root.ts';
import { explanationDocument, explanationText } from '../reporters/explainText.ts';
import { systemClock } from '../sys/clock.ts';
import { loadLibc } from '../sys/libc.ts';
import { listenForStop } from '../sys/stopSignals.ts';
import { EXPLAIN_FLAGS, type ExplainFlags, type LiveSubject, subjectOf } from './explainFlags.ts';
import { explainLog } from './explainLog.ts';
import { addFlags } from './flagOption.ts';

const DAY_MS = 86_400_000;

/** `threadguard explain`: which ceiling refused a thread, a process or a map. */
export function explainCommandLine(): Command {
  return addFlags(new Command('explain'), Object.values(EXPLAIN_FLAGS))
    .description('which ceiling refused a thread, a process or a map')
    .argument('[command...]', 'the command to run until something is refused to it, after --')
    .passThroughOptions()
    .action(async (command: string[], given: Record<string, unknown>) => {
      process.exitCode = await explain(command, readSlice<ExplainFlags>(EXPLAIN_FLAGS, given));
    });
}

async function explain(words: readonly string[], flags: ExplainFlags): Promise<number> {
  const subject = subjectOf(words, flags);
  if (subject.kind === 'log') {
    const { exitCode, text } = explainLog(subject.path, flags.json);
    process.stdout.write(text);
    return exitCode;
  }
  const signals = listenForStop();
  try {
    return await explainLive(subject, flags, signals.stop);
  } finally {
    signals.close();
  }
}

async function explainLive(subject: LiveSubject, flags: ExplainFlags, stop: AbortSignal): Promise<number> {
  const world = {
    root: kernelRoot(),
    libc: loadLibc(),
    clock: systemClock,
    stop,
    passThrough: (chunk: Buffer) => void process.stderr.write(chunk),
    onNote: note,
  };
  const { keep, toTheEnd, trace } = flags;
  if (subject.kind === 'pid') {
    // With --trace a call has to fail first. Without --for the guard waits for that, a day at most.
    const forMs = flags.forMs ?? (trace ? DAY_MS : 0);
    const { label, explanation } = await explainProcess({ pid: subject.pid, forMs, trace }, world);
    return tell(label, explanation, flags);
  }
  const notes = parseLaunchNotes(process.env);
  const [file] = subject.command as [string];
  findExecutable(file, notes.env['PATH']);
  const explanation = await explainCommand(
    {
      command: subject.command,
      env: notes.env,
      descriptors: notes.descriptors,
      trace,
      toTheEnd,
      keep,
      timeoutMs: flags.forMs ?? DAY_MS,
    },
    world,
  );
  return tell(basename(file), explanation, flags);
}

function note(sentence: string): void {
  process.stderr.write(`threadguard: ${sentence}\n`);
}

/** 0 when a ceiling was named, 1 when nothing was refused. Words go to stderr: stdout belongs to the command. */
function tell(subject: string, explanation: Explanation, { json }: ExplainFlags): number {
  if (json) process.stdout.write(jsonLine(explanationDocument(subject, explanation)));
  else process.stderr.write(`threadguard: ${explanationText(subject, explanation)}`);
  return explanation.verdict === 'none' ? 1 : 0;
}
