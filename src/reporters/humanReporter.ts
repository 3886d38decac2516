import { escapeText } from '../core/units.ts';
import type { GuardEvent, Reporter } from './event.ts';
import { priorityOf } from './journalReporter.ts';
import type { Sink } from './sink.ts';

const COLOURS: Readonly<Partial<Record<GuardEvent['event'], string>>> = {
  warn: '33',
  clamp: '33',
  release: '32',
  trip: '1;31',
  terminate: '31',
  kill: '31',
  error: '31',
};

/** Whether to colour: on a terminal, unless NO_COLOR (no-color.org) or TERM=dumb says otherwise. */
export function wantsColour(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  return isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** Events as lines for people. Samples are left out: they are for programs. */
export function humanReporter(
  sink: Pick<Sink, 'write'>,
  options: {
    colour: boolean;
    /** Begins each line with `<4>`: sd-daemon(3), when stderr is the journal and its own socket is not to be had. */
    priorities?: boolean;
  },
): Reporter {
  return ({ event, message }) => {
    if (event === 'sample' || event === 'start') return;
    const lines = message.split('\n').map(escapeText);
    const head = event === 'contained' || event === 'exit' ? '' : `${paint(event, event, options.colour)}: `;
    const first = options.priorities === true ? `<${priorityOf(event)}>` : '';
    sink.write(lines.map((line, index) => `${first}threadguard: ${index === 0 ? head : '  '}${line}\n`).join(''));
  };
}

function paint(text: string, event: GuardEvent['event'], colour: boolean): string {
  const code = COLOURS[event];
  return colour && code !== undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
}
