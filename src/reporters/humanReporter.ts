import { escapeText } from '../core/units.ts';
import type { Reporter } from '../policy/event.ts';
import type { EventRow, Severity } from './eventRow.ts';
import { rowOf } from './eventTable.ts';
import { SYSLOG_PRIORITY } from './journalReporter.ts';
import type { Sink } from './sink.ts';

const COLOURS: Readonly<Record<Severity, string>> = { error: '31', warning: '33', notice: '', info: '' };
const GOOD = '32';

/** Whether to colour: on a terminal, unless NO_COLOR (no-color.org) or TERM=dumb says otherwise. */
export function wantsColour(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  return isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** Events as lines for people. Those for programs only are left out. */
export function humanReporter(
  sink: Pick<Sink, 'write'>,
  options: {
    readonly colour: boolean;
    /** Begins each line with `<4>`: sd-daemon(3), when stderr is the journal and its own socket is not to be had. */
    readonly priorities?: boolean;
  },
): Reporter {
  return (event) => {
    const row = rowOf(event);
    if (!row.isForPeople) return;
    const head = row.isNamed ? `${options.colour ? painted(event.event, row) : event.event}: ` : '';
    const priority = options.priorities === true ? `<${SYSLOG_PRIORITY[row.severity]}>` : '';
    const lines = row.say(event).flatMap((text) => text.split('\n'));
    sink.write(
      lines.map((line, index) => `${priority}threadguard: ${index === 0 ? head : '  '}${escapeText(line)}\n`).join(''),
    );
  };
}

function painted(name: string, { isGood, severity }: Pick<EventRow<never>, 'isGood' | 'severity'>): string {
  const colour = isGood === true ? GOOD : COLOURS[severity];
  return colour === '' ? name : `\u001b[${colour}m${name}\u001b[0m`;
}
