import { describe, expect, it } from 'vitest';
import type { GuardEvent } from '../../src/policy/event.ts';
import type { HelperEnd, HelperFacts } from '../../src/service/helper.ts';
import type { Outcome } from '../../src/session/attempt.ts';
import { takeBack } from '../../src/session/rollback.ts';
import type { Session } from '../../src/session/session.ts';
import { opinion } from '../fixtures/events.ts';

async function scene(end: HelperEnd, outcome: Partial<Outcome> = {}) {
  const events: GuardEvent[] = [];
  const calls: { facts: HelperFacts; timeoutMs: number }[] = [];
  const session = {
    options: { service: { onTripTimeoutMs: 30_000 } },
    report: (event: GuardEvent) => void events.push(event),
    target: 'command:app',
  } as unknown as Session;
  const helper = {
    run: async (facts: HelperFacts, timeoutMs: number) => {
      calls.push({ facts, timeoutMs });
      return end;
    },
    close: () => {},
  };
  await takeBack(session, helper, { tripped: opinion, incident: '/var/incident', ...outcome } as Outcome);
  return { calls, events };
}

describe('the command of the operator', () => {
  it('hears why it is run, and where the evidence is', async () => {
    const { calls } = await scene({ by: 'exit', code: 0 });
    expect(calls).toEqual([
      {
        facts: {
          THREADGUARD_EVENT: 'trip',
          THREADGUARD_TARGET: 'command:app',
          THREADGUARD_REASON: '950 tasks reach the budget of 950 on pids.max of /a',
          THREADGUARD_INCIDENT: '/var/incident',
        },
        timeoutMs: 30_000,
      },
    ]);
  });
  it('gets empty words for what is not known', async () => {
    const { calls } = await scene({ by: 'exit', code: 0 }, { tripped: undefined, incident: undefined });
    expect(calls).toMatchObject([{ facts: { THREADGUARD_REASON: '', THREADGUARD_INCIDENT: '' } }]);
  });
  it('that went well is told as that', async () => {
    const { events } = await scene({ by: 'exit', code: 0 });
    expect(events).toEqual([{ event: 'rollback', ended: { by: 'exit', code: 0 } }]);
  });
  it.each<[HelperEnd, string]>([
    [{ by: 'exit', code: 4 }, 'ended with exit 4'],
    [{ by: 'signal', signal: 'SIGSEGV' }, 'was ended by SIGSEGV'],
    [{ by: 'timeout' }, 'hung and was killed after 30 s (--on-trip-timeout)'],
    [{ by: 'refused', why: 'EAGAIN' }, 'could not be started: EAGAIN'],
  ])('that went wrong (%j) is a problem, with its details', async (end, why) => {
    const { events } = await scene(end);
    const problem = `the command of --on-trip-exec ${why}`;
    expect(events).toEqual([{ event: 'error', about: 'rollback', problem, details: end }]);
  });
});
