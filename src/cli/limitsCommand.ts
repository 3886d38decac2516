import { Command, Option } from 'commander';
import { pacedLoop } from '../core/pacedLoop.ts';
import { GuardError } from '../errors.ts';
import { limitsDocument, readReport } from '../limits/readReport.ts';
import type { Selector } from '../limits/select.ts';
import { readWho } from '../limits/who.ts';
import { kernelRoot } from '../procfs/root.ts';
import { limitsText, suggestionText, whoText } from '../reporters/limitsText.ts';
import { loadLibc } from '../sys/libc.ts';
import { REAL_CLOCK } from '../sys/realClock.ts';
import { interval, pid } from './values.ts';

interface Flags {
  pid?: number;
  cgroup?: string;
  unit?: string;
  json?: true;
  who?: true;
  suggest?: true;
  watch?: number | true;
}

const WATCH_MS = 2_000;
/** A look at a host with 5,000 tasks takes 100 ms. */
const WATCH_DUTY = 0.25;
const CLEAR = '\u001b[H\u001b[2J';

/** `threadguard limits`: how many more threads, processes and maps, and what stops them. */
export function limitsCommand(): Command {
  return new Command('limits')
    .description('how many more threads a process can make, and what stops it')
    .showSuggestionAfterError()
    .addOption(new Option('--pid <pid>', 'of this process').argParser(pid))
    .addOption(new Option('--cgroup <path>', 'of what is in this cgroup'))
    .addOption(new Option('--unit <name>', 'of this systemd unit'))
    .addOption(new Option('--json', 'one JSON document'))
    .addOption(new Option('--who', 'who holds the tasks now, and the kernel memory behind them'))
    .addOption(new Option('--suggest', 'what to raise, in which order, and what that exposes'))
    .addOption(new Option('--watch [interval]', 'again and again (every 2s) until ^C').argParser(interval))
    .action(async (flags: Flags) => {
      await limits(flags);
    });
}

async function limits(flags: Flags): Promise<void> {
  const selector = selectorOf(flags);
  const look = (): string => text(flags, selector);
  process.stdout.on('error', () => process.exit(0));
  if (flags.watch === undefined) {
    process.stdout.write(look());
    return;
  }
  const everyMs = flags.watch === true ? WATCH_MS : flags.watch;
  await pacedLoop({ everyMs, duty: WATCH_DUTY }, REAL_CLOCK, () => {
    process.stdout.write(
      `${process.stdout.isTTY ? CLEAR : ''}${look()}${process.stdout.isTTY || flags.json ? '' : '\n'}`,
    );
    return true;
  });
}

function text(flags: Flags, selector: Selector): string {
  const root = kernelRoot();
  const isWhoOnly = flags.who === true && selector.kind === 'here' && !flags.suggest;
  const who = flags.who === true ? readWho(root) : undefined;
  if (isWhoOnly && who !== undefined && flags.json !== true) return whoText(who);
  const report = readReport(root, selector, loadLibc());
  if (flags.json === true)
    return `${JSON.stringify({ ...limitsDocument(report), ...(who === undefined ? {} : { who }) })}\n`;
  const parts = [flags.suggest === true ? suggestionText(report) : limitsText(report)];
  if (who !== undefined) parts.push(whoText(who));
  return parts.join('\n');
}

function selectorOf(flags: Flags): Selector {
  const named = [flags.pid, flags.cgroup, flags.unit].filter((value) => value !== undefined);
  if (named.length > 1) {
    throw new GuardError('two-subjects', 'more than one of --pid, --cgroup and --unit was given', {
      hint: 'name one subject',
    });
  }
  if (flags.pid !== undefined) return { kind: 'pid', pid: flags.pid };
  if (flags.cgroup !== undefined) return { kind: 'cgroup', path: flags.cgroup };
  if (flags.unit !== undefined) return { kind: 'unit', unit: flags.unit };
  return { kind: 'here' };
}
