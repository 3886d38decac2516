import { describe, expect, it } from 'vitest';
import type { IncidentDir } from '../../src/evidence/incidentDir.ts';
import type { ExitEvent, GuardEvent } from '../../src/policy/event.ts';
import { DEFAULT_SETTINGS } from '../../src/policy/settings.ts';
import type { Run } from '../../src/session/attempt.ts';
import { sayFarewell } from '../../src/session/farewell.ts';
import type { Session } from '../../src/session/session.ts';
import type { Cap } from '../../src/targets/contracts.ts';

interface Scene {
  /** Tasks that live on. */
  readonly left?: number;
  readonly capLine?: number;
  readonly cap?: Cap;
  /** So many removals fail before one works. */
  readonly busy?: number;
  readonly isUsed?: boolean;
  readonly wasStopped?: boolean;
  readonly dryRun?: boolean;
  readonly onDaemons?: 'keep' | 'kill';
  /** Whether SIGTERM, or only SIGKILL, ends what lives on. */
  readonly diesOf?: 'SIGTERM' | 'SIGKILL';
}

/** `done` is what happened to the target and the terminal, in order. */
async function scene(of: Scene = {}) {
  const { busy = 0, cap = 50, capLine, dryRun = false, isUsed = false, left, wasStopped = false } = of;
  const { diesOf = 'SIGTERM', onDaemons = 'keep' } = of;
  let tasks = left;
  const done: string[] = [];
  const events: GuardEvent[] = [];
  let tries = 0;
  const session = {
    system: { now: () => 0 },
    report: (event: GuardEvent) => {
      done.push('report');
      events.push(event);
    },
    settings: { now: { ...DEFAULT_SETTINGS, dryRun, graceMs: 30 } },
    options: { launch: { onDaemons } },
    start: { reaper: { reap: () => {} } },
    outlets: { voice: { status: (text: string) => void done.push(`status '${text}'`), dropped: () => 4 } },
  } as unknown as Session;
  const target = {
    hold: { description: 'pids cgroup /x' },
    brake: { release: (to: Cap) => void done.push(`release ${to}`) },
    end: {
      isEmpty: () => tasks === undefined,
      signal: (signal: NodeJS.Signals) => {
        done.push(signal);
        if (diesOf === signal) tasks = undefined;
      },
      killRound: () => {
        done.push('SIGKILL');
        tasks = undefined;
      },
    },
    meter: { tasks: () => tasks, refused: () => 3, peak: (seen: number) => seen, processes: () => [] },
    close: async () => void done.push('close'),
    remove: () => {
      tries += 1;
      return tries > busy;
    },
  };
  const witness = {
    lateness: { quantileMs: () => 1.26, worstMs: 2 },
    nearest: undefined,
    peakMaps: undefined,
    peakTasks: 9,
  };
  const track = { actions: { warn: 1 }, observer: { capLine, witness }, refusedBy: [], wasStopped };
  await sayFarewell(session, { target, track } as unknown as Run, {
    ended: { by: 'exit', code: 3 },
    cap,
    incident: { path: '/incident', isUsed: () => isUsed } as IncidentDir,
  });
  return { done, event: events[0] as ExitEvent, tries: () => tries };
}

describe('after the command', () => {
  it('it is said how it went', async () => {
    const { event } = await scene({ wasStopped: true, dryRun: true });
    expect(event).toEqual({
      event: 'exit',
      ended: { by: 'exit', code: 3 },
      stoppedByGuard: true,
      dryRun: true,
      summary: {
        peakTasks: 9,
        peakMaps: undefined,
        nearest: undefined,
        refused: 3,
        refusedBy: [],
        actions: { warn: 1 },
        lateness: { p99Ms: 1.3, worstMs: 2 },
      },
      leftTasks: 0,
      endedTasks: 0,
      leftWhere: 'pids cgroup /x',
      cgroupRemoved: true,
      dropped: 4,
    });
  });
  it('the status line is gone before the last words, and no cap is touched', async () => {
    const { done } = await scene();
    expect(done).toEqual(['close', "status ''", 'report']);
  });
  it.each([
    ['that was written is named', true, '/incident'],
    ['that was not needed is not', false, undefined],
  ])('an incident %s', async (_, isUsed, want) => {
    expect((await scene({ isUsed })).event.incident).toBe(want);
  });
});

describe('what lives on', () => {
  it.each<[string, Scene, string]>([
    ['may stay as many as it is', { left: 30 }, 'release 30'],
    ['may grow up to the line', { left: 30, capLine: 50 }, 'release 50'],
    ['is not cut down where it is above the line', { left: 70, capLine: 50 }, 'release 70'],
    ['loses a cap that was none', { left: 30, capLine: 50, cap: 'max' }, 'release max'],
    ['counts as one where the count is late', { left: 0 }, 'release 1'],
  ])('%s', async (_, of, want) => {
    expect((await scene(of)).done[0]).toBe(want);
  });
  it('keeps what holds it', async () => {
    const { event, tries } = await scene({ left: 30 });
    expect([event.leftTasks, event.cgroupRemoved, tries()]).toEqual([30, false, 0]);
  });
});

describe('what lives on and must not', () => {
  it('is asked to end, and then it is gone with what held it', async () => {
    const { done, event } = await scene({ left: 30, onDaemons: 'kill' });
    expect(done[0]).toBe('SIGTERM');
    expect(done).not.toContain('SIGKILL');
    expect([event.leftTasks, event.endedTasks, event.cgroupRemoved]).toEqual([0, 30, true]);
  });
  it('is killed when it does not, after the grace', async () => {
    const { done, event } = await scene({ left: 30, onDaemons: 'kill', diesOf: 'SIGKILL' });
    expect(done.slice(0, 2)).toEqual(['SIGTERM', 'SIGKILL']);
    expect([event.leftTasks, event.endedTasks]).toEqual([0, 30]);
  });
  it('is left alone in a dry run', async () => {
    const { done, event } = await scene({ left: 30, onDaemons: 'kill', dryRun: true });
    expect(done).not.toContain('SIGTERM');
    expect([event.leftTasks, event.endedTasks]).toEqual([30, 0]);
  });
  it('where nothing does, nothing is sent', async () => {
    const { done, event } = await scene({ onDaemons: 'kill' });
    expect(done).not.toContain('SIGTERM');
    expect(event.endedTasks).toBe(0);
  });
});

describe('what held it', () => {
  it('is removed once zombies are gone', async () => {
    const { event, tries } = await scene({ busy: 2 });
    expect([event.cgroupRemoved, tries()]).toEqual([true, 3]);
  });
  it('is left to the next guard when it stays busy', async () => {
    const { event, tries } = await scene({ busy: 1_000 });
    expect([event.cgroupRemoved, tries()]).toEqual([false, 26]);
  });
});
