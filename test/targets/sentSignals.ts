import { onTestFinished } from 'vitest';

/** Signals that were sent with `process.kill`, as `SIGKILL → 5000001`; none of them reaches anybody. */
export interface SentSignals {
  readonly sent: string[];
  /** Called for each, before it counts as sent: what it throws is what the kernel would say. */
  onSignal: (pid: number, signal: string | number | undefined) => void;
}

/** From now to the end of the test that calls it `process.kill` only takes notes. */
export function recordSignals(): SentSignals {
  const record: SentSignals = { sent: [], onSignal: () => {} };
  const real = process.kill;
  // A hook of this module would be one of the first file that imports it, and of no other.
  onTestFinished(() => {
    process.kill = real;
  });
  process.kill = (pid, signal) => {
    record.onSignal(pid, signal);
    record.sent.push(`${signal} → ${pid}`);
    return true;
  };
  return record;
}
