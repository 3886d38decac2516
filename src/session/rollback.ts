import { formatDuration } from '../core/units.ts';
import { verdictText } from '../reporters/verdictText.ts';
import type { Helper, HelperEnd } from '../service/helper.ts';
import type { Outcome } from './attempt.ts';
import type { Session } from './session.ts';

/** Runs the operator's own command after a trip; whatever it does, the guard goes on. */
export async function takeBack({ options, report, target }: Session, helper: Helper, outcome: Outcome): Promise<void> {
  const end = await helper.run(
    {
      THREADGUARD_EVENT: 'trip',
      THREADGUARD_TARGET: target,
      THREADGUARD_REASON: outcome.tripped === undefined ? '' : verdictText(outcome.tripped),
      THREADGUARD_INCIDENT: outcome.incident ?? '',
    },
    options.service.onTripTimeoutMs,
  );
  if (end.by === 'exit' && end.code === 0) report({ event: 'rollback', ended: end });
  else {
    const problem = `the command of --on-trip-exec ${failureText(end, options.service.onTripTimeoutMs)}`;
    report({ event: 'error', about: 'rollback', problem, details: { ...end } });
  }
}

function failureText(end: HelperEnd, timeoutMs: number): string {
  switch (end.by) {
    case 'exit':
      return `ended with exit ${end.code}`;
    case 'signal':
      return `was ended by ${end.signal}`;
    case 'timeout':
      return `hung and was killed after ${formatDuration(timeoutMs)} (--on-trip-timeout)`;
    case 'refused':
      return `could not be started: ${end.why}`;
    default:
      return end satisfies never;
  }
}
