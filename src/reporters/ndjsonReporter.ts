import pino from 'pino';
import { printableJson } from '../core/units.ts';
import type { Reporter } from '../policy/event.ts';
import type { Severity } from './eventRow.ts';
import { fieldsOf, rowOf, textOf } from './eventTable.ts';
import type { Sink } from './sink.ts';

/** pino has no `notice`. */
const LEVEL: Readonly<Record<Severity, 'error' | 'warn' | 'info'>> = {
  error: 'error',
  warning: 'warn',
  notice: 'info',
  info: 'info',
};

/** Events as NDJSON through pino, one a line: `{"level":"warn","time":…,"event":"warn","target":…,"pid":…,…}`. */
export function ndjsonReporter(sink: Pick<Sink, 'stream'>, target: string, pid: () => number | undefined): Reporter {
  const logger = pino(
    {
      base: { target },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    { write: (line: string) => void sink.stream.write(printableJson(line)) },
  );
  return (event) => {
    const level = LEVEL[rowOf(event).severity];
    logger[level]({ event: event.event, pid: pid(), ...fieldsOf(event) }, textOf(event));
  };
}
