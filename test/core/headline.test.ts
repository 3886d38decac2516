import { describe, expect, it } from 'vitest';
import type { Creator } from '../../src/core/creators.ts';
import { creatorText, frameText, groupText, headline, waitText } from '../../src/core/headline.ts';
import type { WaitKind } from '../../src/core/stack.ts';
import type { StackGroup } from '../../src/core/stackGroups.ts';

const SPAWN = { function: 'spawn', file: '/app/a.py', line: 26 };
const MAIN = { function: 'main', module: 'app' };
const creator = (change: Partial<Creator> = {}): Creator => ({
  count: 6,
  share: 0.6,
  source: 'x',
  frames: [SPAWN],
  ...change,
});
const group = (change: Partial<StackGroup> = {}): StackGroup => ({
  count: 2700,
  grew: 2700,
  wait: 'read',
  runtime: 'python',
  names: [{ name: 'conn-N', count: 2700 }],
  frames: [MAIN],
  site: MAIN,
  whole: 0,
  timeline: [],
  since: { first: 0, last: 0 },
  ...change,
});

it.for([
  ['with a file and a line', SPAWN, 'spawn (/app/a.py:26)'],
  ['with a file', { function: 'f', file: 'a.go' }, 'f (a.go)'],
  ['with a library', MAIN, 'main (app)'],
  ['alone', { function: 'f' }, 'f'],
  ['hostile', { function: 'f\n', file: '\u001b' }, 'f\\x0a (\\x1b)'],
] as const)('a frame %s', ([, frame, want]) => {
  expect(frameText(frame)).toBe(want);
});

describe('who makes tasks, as the kernel recorded it', () => {
  const CALLER = { function: 'on_message', file: '/app/a.py', line: 7 };
  const recorded = (change: Partial<Creator>) =>
    creatorText(creator({ count: 794, share: 1, certainty: 'exact', perSecond: 190.4, ...change }));
  it.for<readonly [Partial<Creator>, string]>([
    [
      { frames: [SPAWN, CALLER] },
      'spawn (/app/a.py:26) started 794 threads, 190 a second: spawn a.py:26 < on_message a.py:7',
    ],
    [{ share: 0.6, perSecond: 0.05 }, 'spawn (/app/a.py:26) started 794 threads, 60% of all, 3 a minute'],
    [
      { makes: 'processes', count: 1, runs: ['sleep', 'cat'] },
      'spawn (/app/a.py:26) started 1 process (sleep, cat), 190 a second',
    ],
    [
      { executor: 'ThreadPoolExecutor' },
      'spawn (/app/a.py:26) started 794 threads, 190 a second, through ThreadPoolExecutor',
    ],
    [{ certainty: 'called from' }, 'code that was called by spawn (/app/a.py:26) started 794 threads, 190 a second'],
    [
      { certainty: 'script', frames: [{ function: 'bash a.sh' }, { function: 'cron -f' }] },
      'the script bash a.sh started 794 threads, 190 a second: bash a.sh < cron -f',
    ],
    [{ certainty: 'chain', frames: [{ function: 'make\u001b' }] }, 'make\\x1b started 794 threads, 190 a second'],
    [{ frames: [] }, 'code that is not known started 794 threads, 190 a second'],
  ])('%j', ([change, want]) => {
    expect(recorded(change)).toBe(want);
  });
});

describe('who makes threads', () => {
  it.for([
    ['alone', {}, 'spawn (/app/a.py:26) makes 60% of the threads'],
    [
      'called by another',
      { frames: [SPAWN, MAIN] },
      'spawn (/app/a.py:26), called by main (app), makes 60% of the threads',
    ],
    [
      'through a pool: that says more than the caller',
      { frames: [SPAWN, MAIN], executor: 'ThreadPoolExecutor' },
      'spawn (/app/a.py:26), through ThreadPoolExecutor, makes 60% of the threads',
    ],
    ['a share of many digits', { share: 0.123456 }, 'spawn (/app/a.py:26) makes 12% of the threads'],
    ['without a frame', { frames: [] }, 'code that is not known makes 60% of the threads'],
  ] as const)('%s', ([, change, want]) => {
    expect(creatorText(creator(change))).toBe(want);
  });
});

describe('what threads do', () => {
  it.for([
    ['in the program’s own code', {}, '2,700 tasks are reading in main (app)'],
    ['one alone', { count: 1 }, '1 task is reading in main (app)'],
    ['in plumbing only: its leaf', { site: undefined }, '2,700 tasks are reading in main (app)'],
    ['without a stack: its name', { frames: [], site: undefined }, '2,700 tasks are called "conn-N"'],
    ['without a name either', { frames: [], site: undefined, names: [] }, '2,700 tasks are reading'],
  ] as const)('%s', ([, change, want]) => {
    expect(groupText(group(change as Partial<StackGroup>))).toBe(want);
  });
  const KINDS: Readonly<Record<WaitKind, string>> = {
    running: 'running',
    lock: 'waiting for a lock',
    queue: 'idle, waiting to be woken',
    sleep: 'asleep',
    signal: 'waiting for a signal',
    read: 'reading',
    poll: 'polling or accepting',
    child: 'waiting for a child',
    io: 'in I/O',
    clone: 'making threads or processes',
    stopped: 'stopped',
    dead: 'dead',
    unknown: 'waiting',
  };
  it.for(Object.entries(KINDS) as [WaitKind, string][])('%s is "%s"', ([kind, words]) => {
    expect(waitText(kind)).toBe(words);
  });
  it('a kind that a later version wrote stays as it is', () => {
    expect(waitText('meditating\n' as WaitKind)).toBe('meditating\\x0a');
  });
});

describe('the one sentence', () => {
  it('who makes them, and what they do', () => {
    expect(headline([creator(), creator({ share: 0.4 })], [group()])).toBe(
      'spawn (/app/a.py:26) makes 60% of the threads; 2,700 tasks are reading in main (app)',
    );
  });
  it('a group with a stack says more than a larger one without', () => {
    expect(headline([], [group({ count: 9000, frames: [], site: undefined }), group()])).toBe(
      '2,700 tasks are reading in main (app)',
    );
  });
  it('nothing is known', () => {
    expect(headline([creator()], [group({ frames: [], site: undefined })])).toBe(
      'spawn (/app/a.py:26) makes 60% of the threads',
    );
    expect(headline([], [])).toBe('');
  });
});
