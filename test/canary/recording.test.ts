import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerLine, parseSeries, pointLine, readSeries } from '../../src/canary/recording.ts';
import { readTaskRecording } from '../../src/canary/taskRecording.ts';
import { makeTree } from '../fixtures/tree.ts';

const header = '{"schema":"threadguard.samples/1","target":"unit:a"}\n';
const lines = (count: number, stepMs = 1_000, over: (index: number) => object = () => ({})) =>
  Array.from(
    { length: count },
    (_, index) => `${JSON.stringify({ timeMs: index * stepMs, tasks: 10 + index, ...over(index) })}\n`,
  ).join('');

describe('a recording', () => {
  it('with its header or as an incident has it', () => {
    expect(parseSeries(header + lines(3), 'f')).toMatchObject({
      label: 'unit:a',
      points: [{ tasks: 10 }, { tasks: 11 }, { tasks: 12 }],
    });
    expect(parseSeries(lines(2), 'f')).toMatchObject({ label: 'f', points: [{ timeMs: 0 }, { timeMs: 1_000 }] });
  });
  it.each<[string, string, RegExp]>([
    ['cut short', `${lines(3)}{"timeMs":30`, /^f:4: the last line is cut short/],
    ['no JSON in the middle', `x\n${lines(1)}`, /^f:1: not a JSON object/],
    ['a list', '[1]\n{}\n', /^f:1: not a JSON object/],
    ['another schema', '{"schema":"other/1"}\n', /^f:1: schema is "other\/1"/],
    ['a number that is none', lines(2, 1_000, (index) => (index === 1 ? { tasks: null } : {})), /^f:2: tasks is null/],
    ['a field that is missing', '{"timeMs":1}\n', /^f:1: tasks is missing/],
    ['less than nothing', '{"timeMs":1,"tasks":-1}\n', /^f:1: tasks is -1/],
    [
      'a clock that steps back',
      '{"timeMs":5,"tasks":1}\n{"timeMs":4,"tasks":1}\n',
      /^f:2: timeMs goes back, from 5 to 4/,
    ],
    ['nothing', '', /^f holds no sample/],
    ['a header alone', header, /^f holds no sample/],
  ])('%s is refused by line and field', (_, text, want) => {
    expect(() => parseSeries(text, 'f')).toThrow(want);
  });
  it('any text is read or refused, nothing else', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.string({ maxLength: 6 }), (at, insert) => {
        const good = header + lines(4);
        try {
          expect(parseSeries(good.slice(0, at) + insert + good.slice(at), 'f').points.length).toBeGreaterThan(0);
        } catch (error) {
          expect((error as { hint?: string }).hint).toBeTypeOf('string');
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a file', () => {
  it('is read back as it was written, and its tasks alone', () => {
    const tree = makeTree();
    const points = [
      { timeMs: 0, tasks: 4, processes: 1, maps: 20, memoryBytes: 4_096, cpuMs: 10 },
      { timeMs: 1_000, tasks: 5 },
    ];
    tree.write(
      'a.ndjson',
      [
        headerLine({ target: 'pid 7 (a)', everyMs: 1_000, started: '2026-01-02T03:04:05.000Z' }),
        ...points.map(pointLine),
      ].join(''),
    );
    const path = `${tree.dir}/a.ndjson`;
    expect(readSeries(path)).toMatchObject({ label: 'pid 7 (a)', points });
    expect(readTaskRecording(path)).toEqual({
      label: 'pid 7 (a)',
      points: [
        { timeMs: 0, value: 4 },
        { timeMs: 1_000, value: 5 },
      ],
    });
    tree.remove();
  });
  it('that has more samples than fit into memory is refused, and read no further', { timeout: 120_000 }, () => {
    const tree = makeTree();
    const many = Array.from({ length: 1_200_000 }, (_, index) => `{"timeMs":${index},"tasks":1}\n`).join('');
    // What comes behind would be refused for another reason.
    tree.write('a.ndjson', `${many}{"timeMs":1200000,"tasks":1}\nno sample\n`);
    expect(() => readSeries(`${tree.dir}/a.ndjson`)).toThrow(/holds more than 1,200,000 samples$/);
    tree.remove();
  });
  it('that is not there says what to name', () => {
    expect(() => readSeries('/nowhere')).toThrow('cannot read /nowhere (ENOENT)');
  });
});
