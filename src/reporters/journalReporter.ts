import { escapeText } from '../core/units.ts';
import type { GuardEvent, Reporter } from './event.ts';

/** Priorities of syslog(3) as systemd takes them: 3 error, 4 warning, 5 notice, 6 information. */
const PRIORITY: Readonly<Partial<Record<GuardEvent['event'], number>>> = {
  error: 3,
  trip: 3,
  kill: 4,
  terminate: 4,
  clamp: 4,
  warn: 4,
  release: 5,
  restart: 5,
  dump: 5,
};
const INFORMATION = 6;

export function priorityOf(event: GuardEvent['event']): number {
  return PRIORITY[event] ?? INFORMATION;
}

/**
 * Events as entries of the journal with fields of their own (systemd, "Native Journal Protocol"): `journalctl
 * THREADGUARD_EVENT=trip`. `send` answers false when the journal did not take one; then `instead` says it.
 */
export function journalReporter(
  send: (entry: Buffer) => boolean,
  facts: { readonly target: string; readonly pid: () => number | undefined },
  instead: Reporter,
): Reporter {
  return (event) => {
    if (event.event === 'sample' || event.event === 'start') return;
    const entry = journalEntry({
      MESSAGE: `${event.event === 'contained' || event.event === 'exit' ? '' : `${event.event}: `}${event.message.split('\n').map(escapeText).join('\n')}`,
      PRIORITY: String(priorityOf(event.event)),
      SYSLOG_IDENTIFIER: 'threadguard',
      THREADGUARD_EVENT: event.event,
      THREADGUARD_TARGET: facts.target,
      ...(facts.pid() === undefined ? {} : { THREADGUARD_PID: String(facts.pid()) }),
      ...plainFields(event.fields),
    });
    if (!send(entry)) instead(event);
  };
}

/** `NAME=value` lines; a value with a line break is sent with its length (64 bits, little endian) instead. */
export function journalEntry(fields: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (!value.includes('\n')) parts.push(Buffer.from(`${name}=${value}\n`));
    else {
      const bytes = Buffer.from(value);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(bytes.length));
      parts.push(Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n'));
    }
  }
  return Buffer.concat(parts);
}

/** Numbers, words and yes or no; what is a list or a document stays in the log for programs. */
function plainFields(fields: GuardEvent['fields']): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (!['string', 'number', 'boolean'].includes(typeof value)) continue;
    plain[`THREADGUARD_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`] = String(value);
  }
  return plain;
}
