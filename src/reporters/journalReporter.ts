import { escapeText } from '../core/units.ts';
import type { Reporter } from '../policy/event.ts';
import type { Severity } from './eventRow.ts';
import { fieldsOf, rowOf, textOf } from './eventTable.ts';

/** Priorities of syslog(3), as systemd takes them. */
export const SYSLOG_PRIORITY: Readonly<Record<Severity, number>> = { error: 3, warning: 4, notice: 5, info: 6 };

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
    const row = rowOf(event);
    if (!row.isForPeople) return;
    const text = textOf(event).split('\n').map(escapeText).join('\n');
    const pid = facts.pid();
    const entry = journalEntry({
      MESSAGE: row.isNamed ? `${event.event}: ${text}` : text,
      PRIORITY: String(SYSLOG_PRIORITY[row.severity]),
      SYSLOG_IDENTIFIER: 'threadguard',
      THREADGUARD_EVENT: event.event,
      THREADGUARD_TARGET: facts.target,
      ...(pid === undefined ? {} : { THREADGUARD_PID: String(pid) }),
      ...plainFields(fieldsOf(event)),
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
function plainFields(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (!['string', 'number', 'boolean'].includes(typeof value)) continue;
    plain[`THREADGUARD_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`] = String(value);
  }
  return plain;
}
