import { describe, expect, it } from 'vitest';
import type { Libc, Scheduler } from '../../src/sys/libc.ts';
import { type OwnProcess, Standing } from '../../src/sys/standing.ts';

const FIFO = 1;
const RR = 2;
const BATCH = 3;
const MAIN = 10;

interface Rights {
  /** Which thread, of those that ask one after the other, may become real-time: all of them, none, all but the second. */
  readonly realtime?: (asked: number) => boolean;
  readonly nice?: boolean;
  readonly oomScore?: boolean;
  /** CAP_SYS_NICE, not only a limit of real-time priority: what resets on a fork can be made to do so no longer. */
  readonly mayUnreset?: boolean;
}

/** A guard of three threads, and all that a child would inherit of its main one. */
function scene(
  rights: Rights = {},
  start: { readonly scheduler?: Scheduler; readonly nice?: number; readonly oomScore?: number } = {},
) {
  const { realtime = () => false, nice: mayNice = false, oomScore: mayOomScore = false, mayUnreset = true } = rights;
  const own = {
    scheduler: start.scheduler ?? { policy: 0, priority: 0 },
    resets: false,
    nice: start.nice ?? 0,
    oomScore: start.oomScore ?? 0,
  };
  let asked = 0;
  const libc = {
    getScheduler: () => own.scheduler,
    setScheduler: (tid, scheduler, resetsOnFork) => {
      if (scheduler.policy === FIFO && resetsOnFork) {
        asked += 1;
        if (!realtime(asked)) return false;
      }
      if (tid !== MAIN) return true;
      if (own.resets && !resetsOnFork && !mayUnreset) return false;
      own.scheduler = scheduler;
      own.resets = resetsOnFork;
      return true;
    },
  } satisfies Partial<Libc> as unknown as Libc;
  const refuse = (may: boolean): void => {
    if (!may) throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
  };
  const calls: OwnProcess = {
    threads: () => [MAIN, 11, 12],
    nice: () => own.nice,
    setNice: (nice) => {
      refuse(nice >= own.nice || mayNice);
      own.nice = nice;
    },
    oomScore: () => own.oomScore,
    setOomScore: (score) => {
      refuse(score >= own.oomScore || mayOomScore);
      own.oomScore = score;
    },
  };
  const before = { ...own };
  const standing = new Standing(libc, calls);
  /** What a child that is forked now begins with. */
  const child = () => standing.asBefore(() => ({ ...own }));
  return { before, calls, child, own, standing };
}
const all = () => true;

describe('the guard', () => {
  it.each<[string, Rights, string, object]>([
    ['of root', { realtime: all, nice: true, oomScore: true }, 'realtime', { nice: 0, oomScore: -900 }],
    ['with a limit of real-time priority', { realtime: all }, 'realtime', { nice: 0, oomScore: 0 }],
    ['where real-time is refused', { nice: true, oomScore: true }, 'default', { nice: -10, oomScore: -900 }],
    ['of a plain user', {}, 'default', { nice: 0, oomScore: 0 }],
    [
      'whose second thread stays behind, where V8 would starve it',
      { realtime: (n) => n !== 2 },
      'default',
      { nice: 0 },
    ],
  ])('%s', (_, rights, scheduling, want) => {
    const { own, standing } = scene(rights);
    expect([standing.raise(), standing.scheduling]).toEqual([scheduling, scheduling]);
    expect(own).toMatchObject({ ...want, scheduler: { policy: scheduling === 'realtime' ? FIFO : 0 } });
  });
  it.each<[Scheduler, number]>([
    [{ policy: FIFO, priority: 50 }, 51],
    [{ policy: RR, priority: 99 }, 99],
    [{ policy: BATCH, priority: 0 }, 1],
  ])('that was started with %j is ahead of what it starts', (scheduler, priority) => {
    const { own, standing } = scene({ realtime: all }, { scheduler });
    standing.raise();
    expect(own.scheduler).toEqual({ policy: FIFO, priority });
  });
  it('is better off only where it was not already', () => {
    const { own, standing } = scene({ nice: true, oomScore: true }, { nice: -15, oomScore: -1_000 });
    standing.raise();
    expect(own).toMatchObject({ nice: -15, oomScore: -1_000 });
  });
  it('without libc is what it can be', () => {
    const { calls, own } = scene({ realtime: all, nice: true });
    expect(new Standing(undefined, calls).raise()).toBe('default');
    expect(own.nice).toBe(-10);
  });
  it('where the kernel has no such file goes without', () => {
    const { calls } = scene();
    const none = (): never => {
      throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    };
    expect(new Standing(undefined, { ...calls, oomScore: none }).raise()).toBe('default');
  });
});

describe('a child begins as the guard began', () => {
  const rights: readonly Rights[] = [
    { realtime: all, nice: true, oomScore: true },
    { realtime: (n) => n !== 3, nice: true, oomScore: true },
    { nice: true },
    {},
  ];
  const starts = [
    { nice: 5 },
    { nice: -5, oomScore: 300 },
    { scheduler: { policy: BATCH, priority: 0 } },
    { scheduler: { policy: FIFO, priority: 50 }, oomScore: -17 },
    { scheduler: { policy: RR, priority: 1 }, nice: 19 },
  ];
  it.each(rights.flatMap((may) => starts.map((start) => [may, start] as const)))('%j %j', (may, start) => {
    const { before, child, own, standing } = scene(may, start);
    expect(child(), 'before it is raised').toEqual(before);
    standing.raise();
    const raised = { ...own };
    expect(child()).toEqual(before);
    expect(own, 'the guard is ahead again').toEqual(raised);
    expect(child(), 'also after a restart').toEqual(before);
    standing.lower();
    expect(own).toEqual(before);
  });
  it('with a limit of real-time priority alone, the nice value and the policy are kept', () => {
    const { child, standing } = scene({ realtime: all, mayUnreset: false }, { nice: 5 });
    standing.raise();
    expect(child()).toMatchObject({ nice: 5, scheduler: { policy: 0, priority: 0 } });
  });
  it('when the start fails, the guard is ahead again', () => {
    const { own, standing } = scene({ realtime: all });
    standing.raise();
    expect(() =>
      standing.asBefore(() => {
        throw new Error('EAGAIN');
      }),
    ).toThrow('EAGAIN');
    expect(own.scheduler.policy).toBe(FIFO);
  });
});
