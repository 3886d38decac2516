import pino from 'pino';
import type { Reporter } from './event.ts';
import type { Sink } from './sink.ts';

/** Events as NDJSON through pino, one a line: `{"level":"warn","time":…,"event":"warn","target":…,"pid":…,…}`. */
export function ndjsonReporter(sink: Pick<Sink, 'stream'>, target: string, pid: () => number | undefined): Reporter {
  const logger = pino(
    {
      base: { target },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    sink.stream,
  );
  return ({ event, message, fields }) => {
    const level =
      event === 'error' || event === 'trip' ? 'error' : event === 'warn' || event === 'clamp' ? 'warn' : 'info';
    logger[level]({ event, pid: pid(), ...fields }, message);
  };
}
