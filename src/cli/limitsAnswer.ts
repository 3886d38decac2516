import { jsonLine } from '../core/units.ts';
import { GuardError } from '../errors.ts';
import type { FlagsOf } from '../flags/flag.ts';
import { interval, processId } from '../flags/quantities.ts';
import { file, text, yes } from '../flags/words.ts';
import { limitsDocument, readReport } from '../limits/readReport.ts';
import type { Selector } from '../limits/select.ts';
import { readWho } from '../limits/who.ts';
import type { IdCalls } from '../procfs/ids.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { limitsText, suggestionText, whoText } from '../reporters/limitsText.ts';

export interface LimitsFlags {
  readonly pid: number | undefined;
  readonly cgroup: string | undefined;
  readonly unit: string | undefined;
  readonly json: boolean;
  readonly who: boolean;
  readonly suggest: boolean;
  /** Milliseconds between two looks; `undefined` for one look. */
  readonly watch: number | undefined;
}

export const LIMITS_FLAGS: FlagsOf<LimitsFlags> = {
  pid: { name: 'pid', kind: processId, help: 'look at this process' },
  cgroup: { name: 'cgroup', kind: file, value: '<path>', help: 'look at what is in this cgroup' },
  unit: { name: 'unit', kind: text, value: '<name>', help: 'look at this systemd unit' },
  json: { name: 'json', kind: yes, default: false, help: 'print one JSON document' },
  who: {
    name: 'who',
    kind: yes,
    default: false,
    help: 'show who holds the tasks now, and the kernel memory behind them',
  },
  suggest: {
    name: 'suggest',
    kind: yes,
    default: false,
    help: 'show what to raise, in which order, and what that exposes',
  },
  watch: {
    name: 'watch',
    kind: interval,
    value: '[interval]',
    bare: '2s',
    help: 'look again at this interval (2s when none is given) until ^C',
  },
};

/** What is printed for one look. Throws a GuardError where there is no such subject. */
export function limitsAnswer(flags: LimitsFlags, root: KernelRoot, ids: IdCalls | undefined): string {
  const selector = selectorOf(flags);
  const who = flags.who ? readWho(root) : undefined;
  if (who !== undefined && selector.kind === 'here' && !flags.suggest && !flags.json) return whoText(who);
  const report = readReport(root, selector, ids);
  if (flags.json) return jsonLine(limitsDocument(report, who));
  const parts = [flags.suggest ? suggestionText(report) : limitsText(report)];
  if (who !== undefined) parts.push(whoText(who));
  return parts.join('\n');
}

function selectorOf({ cgroup, pid, unit }: LimitsFlags): Selector {
  const named = [pid, cgroup, unit].filter((value) => value !== undefined);
  if (named.length > 1) {
    throw new GuardError('two-subjects', 'more than one of --pid, --cgroup and --unit was given', {
      hint: 'name one subject',
    });
  }
  if (pid !== undefined) return { kind: 'pid', pid };
  if (cgroup !== undefined) return { kind: 'cgroup', path: cgroup };
  if (unit !== undefined) return { kind: 'unit', unit };
  return { kind: 'here' };
}
