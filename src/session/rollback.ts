import { formatDuration } from '../core/units.ts';
import type { Helper } from '../service/helper.ts';
import type { Outcome } from './attempt.ts';
import type { Session } from './session.ts';

/** Runs the operator's own command after a trip; whatever it does, the guard goes on. */
export async function takeBack({ options, report, target }: Session, helper: Helper, outcome: Outcome): Promise<void> {
  const end = await helper.run(
    {
      THREADGUARD_EVENT: 'trip',
      THREADGUARD_TARGET: target,
      THREADGUARD_REASON: outcome.reason ?? '',
      THREADGUARD_INCIDENT: outcome.incident ?? '',
    },
    options.service.onTripTimeoutMs,
  );
  const ways = {
    exit: () => (end.by === 'exit' ? `ended with exit ${end.code}` : ''),
    signal: () => (end.by === 'signal' ? `was ended by ${end.signal}` : ''),
    timeout: () => `hung and was killed after ${formatDuration(options.service.onTripTimeoutMs)} (--on-trip-timeout)`,
    refused: () => (end.by === 'refused' ? `could not be started: ${end.why}` : ''),
  };
  const isGood = end.by === 'exit' && end.code === 0;
  report({
    event: isGood ? 'rollback' : 'error',
    message: `the command of --on-trip-exec ${ways[end.by]()}`,
    fields: { ...end },
  });
}
