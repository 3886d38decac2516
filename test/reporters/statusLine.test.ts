import { describe, expect, it } from 'vitest';
import { sparkline, statusLine } from '../../src/reporters/statusLine.ts';

describe('sparkline', () => {
  it.for([
    ['grows', [0, 50, 100], '▁▄█'],
    ['a flat row says nothing moves, whatever the value', [7, 7, 7], '▁▁▁'],
    ['growth is seen on top of a large number', [9_000, 9_001], '▁█'],
    ['only the last ones', [100, 0, 1, 2], '▁▄█'],
    ['nothing yet', [], ''],
  ] as const)('%s', ([, values, bars]) => {
    expect(sparkline(values, 3)).toBe(bars);
  });
});

describe('statusLine', () => {
  const state = {
    tasks: 1_234,
    maps: 99,
    perSecond: 12,
    history: [1],
    stage: 'calm',
    binding: 'kernel.pid_max',
    line: 5_000,
    context: '3 % cpu',
  };
  it.for([200, 60, 40, 20])('is never as wide as %i columns', (columns) => {
    expect(statusLine(state, columns).length).toBeLessThan(columns);
  });
  it('says all on a wide terminal', () => {
    expect(statusLine(state, 200)).toBe('▁ 1,234/5,000 tasks +12/s · 99 maps · kernel.pid_max · 3 % cpu · calm');
  });
});
