import { describe, expect, it } from 'vitest';
import type { DumpFacts } from '../../src/engine/parts.ts';
import type { StderrTail } from '../../src/launch/stderrTail.ts';
import { DEFAULT_SETTINGS } from '../../src/policy/settings.ts';
import { evidenceSource } from '../../src/session/evidenceSource.ts';
import type { IncidentWriter } from '../../src/session/incidentWriter.ts';
import type { Session } from '../../src/session/session.ts';
import type { ChildTarget } from '../../src/targets/contracts.ts';
import { findings, opinion } from '../fixtures/events.ts';
import { FIRST_PID, fakeMachine } from '../targets/fakeMachine.ts';

const facts: DumpFacts = { opinion, ceilings: [], ceilingsAtStart: [], samples: [], tasks: 950 };
const dumped = { findings, lost: ['a'] };

/** `done` is what was asked for, in order. */
function scene(hasTail = true) {
  const done: string[] = [];
  const machine = fakeMachine();
  machine.put({ pid: FIRST_PID, ppid: 1, threads: 3 });
  const source = evidenceSource(
    {
      system: { now: () => 0, root: machine.root },
      settings: { now: { ...DEFAULT_SETTINGS, dumpTimeoutMs: 20 } },
    } as unknown as Session,
    {
      evidence: {
        dump: (given: DumpFacts, ms: number) => {
          done.push(`dump ${given.tasks} in ${ms}`);
          return dumped;
        },
        picture: (given: DumpFacts, ms: number) => void done.push(`picture ${given.tasks} in ${ms}`),
      } as unknown as IncidentWriter,
      target: {
        meter: {
          processes: () => {
            done.push('processes');
            return [FIRST_PID];
          },
        },
      } as unknown as ChildTarget,
      tail: hasTail ? ({} as StderrTail) : undefined,
      extend: (ms) => void done.push(`extend by ${ms}`),
    },
  );
  return { done, source };
}

describe('the evidence of a run', () => {
  it('whoever waits for the guard is told before the dump', () => {
    const { done, source } = scene();
    expect(source.dump(facts, 500)).toBe(dumped);
    expect(done).toEqual(['extend by 500', 'dump 950 in 500']);
  });
  it('a picture delays nobody', () => {
    const { done, source } = scene();
    source.picture(facts, 30);
    expect(done).toEqual(['picture 950 in 30']);
  });
  it('last words are not asked for where nobody would hear them', async () => {
    const { done, source } = scene(false);
    await source.lastWords();
    expect(done).toEqual([]);
  });
  it('last words are asked for where stderr is kept, and not waited for where nothing speaks', async () => {
    const { done, source } = scene();
    // The clock stands still: a wait for one that says nothing would never end.
    await source.lastWords();
    expect(done).toEqual(['processes']);
  });
});
