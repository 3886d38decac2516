import { describe, expect, it } from 'vitest';
import type { Ended } from '../../src/core/model.ts';
import type { DumpFacts } from '../../src/engine/parts.ts';
import type { GuardEvent } from '../../src/policy/event.ts';
import type { Opinion } from '../../src/policy/verdict.ts';
import type { Run } from '../../src/session/attempt.ts';
import { whyItDied } from '../../src/session/postMortem.ts';
import type { Session } from '../../src/session/session.ts';
import { findings, opinion as tripped } from '../fixtures/events.ts';

const NOW = 10_000_000;
const exit = (code: number): Ended => ({ by: 'exit', code });
const death = (signal: NodeJS.Signals): Ended => ({ by: 'signal', signal });

interface Scene {
  readonly because?: Opinion;
  /** New refusals that the last look had not seen. */
  readonly unseen?: number;
  readonly lastRefusalMs?: number;
  readonly refusedBy?: readonly string[];
  readonly hasEvidence?: boolean;
}

/** A run that held 40 tasks at its end and 50 at its peak, below a cap of 50. */
function scene({ because, hasEvidence = false, lastRefusalMs, refusedBy = [], unseen = 0 }: Scene = {}) {
  const events: GuardEvent[] = [];
  const kept: DumpFacts[] = [];
  const track = {
    because,
    cap: 50,
    refusedBy: refusedBy.map((ceiling) => ({ ceiling, verdict: 'proved' })),
    observer: {
      refusals: { lastMs: lastRefusalMs, since: () => unseen },
      witness: { last: { tasks: 40 }, peakTasks: 50 },
      factsOf: (opinion: Opinion, { tasks }: { tasks: number }) => ({ opinion, tasks }),
    },
  };
  const evidence = {
    postMortem: (facts: DumpFacts) => {
      kept.push(facts);
      return hasEvidence ? undefined : { findings, lost: [] };
    },
  };
  const session = {
    system: { now: () => NOW },
    report: (event: GuardEvent) => void events.push(event),
  } as unknown as Session;
  const run = { evidence, track, target: { meter: { refused: () => 7 } } } as unknown as Run;
  return { events, kept, die: (ended: Ended) => whyItDied(session, run, ended) };
}

describe('a command that ended badly after a refusal', () => {
  it('counts as tripped, with the peak that it had reached', () => {
    const { die, events, kept } = scene({ unseen: 2 });
    const opinion = die(exit(3));
    expect(opinion).toMatchObject({ level: 'trip', cause: 'refused', value: 50, refusals: 7, ended: 'exit 3' });
    expect(opinion?.ceiling).toBe('its cap (pids.max 50)');
    expect(events).toEqual([
      { event: 'trip', opinion, tasks: 50 },
      { event: 'dump', tasks: 50, findings, lost: [], postMortem: opinion },
    ]);
    expect(kept).toMatchObject([{ tasks: 50 }]);
  });
  it('trips without a second dump where there is evidence already', () => {
    const { die, events } = scene({ unseen: 2, hasEvidence: true });
    expect(die(exit(3))).toBeDefined();
    expect(events.map(({ event }) => event)).toEqual(['trip']);
  });
  it.each([
    ['just now', NOW - 1, true],
    ['three seconds ago: dying takes time', NOW - 3_000, true],
    ['ten seconds ago, which is too long', NOW - 10_000, false],
    ['never', undefined, false],
  ])('a refusal that was seen %s', (_, lastRefusalMs, want) => {
    const { die } = scene(lastRefusalMs === undefined ? {} : { lastRefusalMs });
    expect(die(exit(1)) !== undefined).toBe(want);
  });
  it('names every other ceiling that refused it, not the cap', () => {
    const { die } = scene({ refusedBy: ['kernel.pid_max', 'RLIMIT_NPROC'] });
    expect(die(exit(1))?.ceiling).toBe('kernel.pid_max, RLIMIT_NPROC');
  });
});

describe('how it ended', () => {
  it.each<[string, Ended, boolean]>([
    ['a crash', death('SIGSEGV'), true],
    ['an abort', death('SIGABRT'), true],
    ['a bad exit', exit(1), true],
    ['success', exit(0), false],
    ['a request to end', death('SIGTERM'), false],
    ['Control-C', death('SIGINT'), false],
    ['a hangup', death('SIGHUP'), false],
    ['a kill', death('SIGKILL'), false],
    ['a reader that is gone', death('SIGPIPE'), false],
    ['nobody knows how', { by: 'gone' }, false],
  ])('%s', (_, ended, want) => {
    const { die, events } = scene({ unseen: 1 });
    expect(die(ended) !== undefined).toBe(want);
    expect(events.length > 0).toBe(want);
  });
  it('is no reason where it had tripped before', () => {
    const { die, events, kept } = scene({ unseen: 1, because: tripped });
    expect(die(death('SIGSEGV'))).toBeUndefined();
    expect([events, kept]).toEqual([[], []]);
  });
});
