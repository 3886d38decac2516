import { describe, expect, it } from 'vitest';
import type { EventName, GuardEvent } from '../../src/policy/event.ts';
import { CAUSES, type Opinion } from '../../src/policy/verdict.ts';
import { EVENT_NAMES, EVENT_TABLE, fieldsOf, rowOf, textOf } from '../../src/reporters/eventTable.ts';
import { humanReporter, wantsColour } from '../../src/reporters/humanReporter.ts';
import { ndjsonReporter } from '../../src/reporters/ndjsonReporter.ts';
import { verdictText } from '../../src/reporters/verdictText.ts';
import { findings, opinion, pids, SAMPLES } from '../fixtures/events.ts';

const { exit } = SAMPLES;

describe('the table of events', () => {
  it.each(EVENT_NAMES)('%s has a sentence, and fields that are a document', (name) => {
    const event = SAMPLES[name] as GuardEvent;
    const [first] = rowOf(event).say(event as never);
    expect(first).toMatch(/\S/);
    expect(textOf(event).split('\n')[0]).toBe(first?.split('\n')[0]);
    expect(JSON.parse(JSON.stringify(fieldsOf(event)))).not.toHaveProperty('event');
  });
  it.each<[EventName, string]>([
    ['trip', 'error'],
    ['terminate', 'error'],
    ['kill', 'error'],
    ['error', 'error'],
    ['warn', 'warning'],
    ['clamp', 'warning'],
    ['dump', 'notice'],
    ['sample', 'info'],
  ])('%s is one severity everywhere: %s', (name, want) => {
    expect(EVENT_TABLE[name].severity).toBe(want);
  });
  it('only a target that is stopped, or stays down, is a trip for Alertmanager', () => {
    const names = (events: readonly GuardEvent[]) => events.map((event) => rowOf(event).alert(event as never)?.name);
    expect(
      names([SAMPLES.trip, SAMPLES.kill, { ...exit, stoppedByGuard: true }, { ...SAMPLES.error, about: 'gave-up' }]),
    ).toEqual(Array(4).fill('ThreadguardTrip'));
    expect(names([SAMPLES.error, SAMPLES.warn, exit, SAMPLES.sample, SAMPLES.reload])).toEqual([
      'ThreadguardProblem',
      'ThreadguardWarning',
      undefined,
      undefined,
      undefined,
    ]);
    expect(rowOf(SAMPLES.release).alert(SAMPLES.release)).toEqual({ name: 'ThreadguardTrip', isOver: true });
  });
  it('the end of a command that nobody stopped is neither loud nor told', () => {
    const row = rowOf<GuardEvent>(exit);
    expect([row.isLoud(exit), row.isTold(exit)]).toEqual([false, false]);
    expect(row.isLoud({ ...exit, stoppedByGuard: true })).toBe(true);
  });
});

describe('what people read', () => {
  it.each<[string, GuardEvent, string]>([
    ['a clamp', SAMPLES.clamp, 'growth stopped at 950 tasks'],
    ['a dry run', { event: 'clamp', tasks: 951, dryRun: true }, 'would have: growth stopped at 951 tasks'],
    ['a dry kill', { ...SAMPLES.kill, dryRun: true }, 'would have: SIGKILL to the whole tree'],
    ['a kill', SAMPLES.kill, 'whole tree gone in 13 ms'],
    ['survivors', { ...SAMPLES.kill, emptyMs: 5_000, survivors: [7, 9] }, 'survivors after 5.0 s: pid 7, 9'],
    ['a restart', SAMPLES.restart, 'ended by SIGSEGV after 2.0 s; restart 1 in 500 ms'],
    [
      'a restart after a trip',
      { ...SAMPLES.restart, wasStopped: true },
      'stopped by threadguard after 2.0 s; restart 1 in 500 ms',
    ],
    ['a reload', SAMPLES.reload, 'the policy of /c is in force, 1 rule'],
    [
      'a reload that needs more',
      { ...SAMPLES.reload, rules: 0, needsRestart: ['contain', 'metrics'] },
      'the policy of /c is in force\nthese settings change only at the next start: contain, metrics',
    ],
    [
      'a refusal by somebody else',
      { event: 'warn', about: 'refusal', ceiling: pids, verdict: 'proved', evidence: [], tasks: 9 },
      'pids.max of /a refuses it more (proved); raise it: TasksMax=',
    ],
    [
      'no room',
      { event: 'warn', about: 'room', room: 5, needed: 5_000 },
      'waiting for room: 5 more threads fit, 5,000 are wanted for a restart',
    ],
    [
      'a death by refusal',
      {
        event: 'dump',
        tasks: 9,
        findings: { ...findings, notes: ['x'] },
        lost: ['y'],
        postMortem: { ...opinion, cause: 'refused', ended: 'exit 1', refusals: 2 },
      },
      'exit 1, after pids.max of /a had refused it tasks 2 times\nstacks of 3 of 4 tasks read in 5 ms\nnote: x\ny',
    ],
  ])('%s', (_, event, want) => {
    expect(textOf(event)).toBe(want);
  });
  it('a banner says every number before anything is done', () => {
    const text = textOf(SAMPLES.contained);
    for (const part of [
      'guarding a b c',
      '760',
      '950',
      '63,564',
      'pids cgroup /x',
      'policies: small',
      'http://127.0.0.1:9/metrics',
      'note: fly',
    ])
      expect(text).toContain(part);
  });
  it('a later run of the same command says what holds it, and no more', () => {
    expect(textOf({ ...SAMPLES.contained, attempt: 2 })).toMatch(/^held by pids cgroup \/x[^\n]*$/);
  });
  it('the end, in a few lines', () => {
    expect(textOf({ ...exit, incident: '/i', leftTasks: 2, endedTasks: 1, dropped: 3 })).toBe(
      [
        'exit 3; peak 950 tasks, 2,000 maps; nearest ceiling pids.max of /a at 100% of its budget',
        'actions: warn, trip, dump ×2',
        'the kernel refused 12 new tasks at the cap',
        'evidence: /i',
        'ended what outlived it: 1 task (--on-daemons kill)',
        'still alive: 2 tasks that it left behind (pids cgroup /x)',
        '3 log lines were dropped: the reader was too slow',
      ].join('\n'),
    );
  });
});

describe('the sentence of a verdict', () => {
  const base: Opinion = { ...opinion, level: 'warn' };
  it.each(CAUSES)('%s has one at both levels, from facts alone', (cause) => {
    for (const level of ['warn', 'trip'] as const) {
      const text = verdictText({ ...base, cause, level, perSecond: 3, inMs: 4_000 });
      expect(text).not.toMatch(/undefined|NaN|Infinity|null/);
      expect(text.length).toBeGreaterThan(10);
    }
  });
  it.each<[string, Opinion, string]>([
    ['near', { ...base, value: 800, line: 1_000 }, '800 tasks are 80% of pids.max of /a (1,000)'],
    [
      'near, in maps',
      { ...base, unit: 'maps', value: 60_000, line: 63_564 },
      '60,000 maps are 94.4% of the 63,564 allowed',
    ],
    [
      'a forecast',
      { ...base, cause: 'forecast', perSecond: 12, inMs: 60_000 },
      'growing by 12 tasks/s: pids.max of /a (950) is reached in 60 s',
    ],
    [
      'with its shape',
      { ...base, value: 950, shapeText: 'stays at 950' },
      '950 tasks are 100% of pids.max of /a (950); it stays at 950',
    ],
    [
      'a rule',
      { level: 'trip', cause: 'policy', ceiling: 'small', unit: 'tasks', value: 9, above: 5 },
      '9 tasks, above 5 (small)',
    ],
    [
      'a rule on a share and a forecast',
      {
        level: 'warn',
        cause: 'policy',
        ceiling: 'r',
        unit: 'maps',
        value: 90,
        above: { share: 0.5, of: 100 },
        inMs: 1_000,
        line: 100,
      },
      '90 maps, above 50% of 100, 100 reached in 1.0 s (r)',
    ],
    [
      'refused once',
      { ...base, cause: 'refused', ended: 'exit 1', refusals: 1 },
      'exit 1, after pids.max of /a had refused it a task once',
    ],
  ])('%s', (_, it, want) => {
    expect(verdictText(it)).toBe(want);
  });
});

describe('reporters', () => {
  const lines: string[] = [];
  const sink = {
    write: (text: string) => void lines.push(text),
    stream: { write: (text: string) => lines.push(text) },
  };
  const say = (event: GuardEvent, colour: boolean): string => {
    lines.length = 0;
    humanReporter(sink, { colour })(event);
    return lines.join('');
  };
  it('the colour is the severity; good news is green', () => {
    expect(say(SAMPLES.kill, true)).toContain('\u001b[31mkill\u001b[0m');
    expect(say(SAMPLES.warn, true)).toContain('\u001b[33mwarn\u001b[0m');
    expect(say(SAMPLES.release, true)).toContain('\u001b[32mrelease\u001b[0m');
    expect(say(SAMPLES.dump, true)).not.toContain('\u001b');
    expect(say(SAMPLES.kill, false)).toBe('threadguard: kill: whole tree gone in 13 ms\n');
  });
  it('nothing of a target reaches a terminal as a command to it', () => {
    expect(say({ ...SAMPLES.dump, lost: ['a\u001b[2Jb\nc'] }, false)).toBe(
      'threadguard: dump: stacks of 3 of 4 tasks read in 5 ms\nthreadguard:   a\\x1b[2Jb\nthreadguard:   c\n',
    );
  });
  it('samples and the start are for programs', () => {
    expect([say(SAMPLES.sample, false), say(SAMPLES.start, false)]).toEqual(['', '']);
  });
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('colour on a terminal (%s) with %j: %s', (isTerminal, env, want) => {
    expect(wantsColour(isTerminal, env)).toBe(want);
  });
  it.each(['\u001b[31m', '\u202e', '\u009b', '\u2028', '\n'])(
    'names with %j are seen in every log, and read back',
    (mark) => {
      const problem = `cannot write /a${mark}b`;
      const event: GuardEvent = { event: 'error', about: 'evidence', problem };
      lines.length = 0;
      ndjsonReporter(sink as never, `command:${mark}`, () => 7)(event);
      const line = lines.join('');
      expect(line.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(JSON.parse(line)).toMatchObject({ target: `command:${mark}`, msg: expect.stringContaining(mark) });
    },
  );
  it('a line of JSON has the level, the event and its fields', () => {
    lines.length = 0;
    ndjsonReporter(sink as never, 'command:x', () => 7)(SAMPLES.trip);
    expect(JSON.parse(lines.join(''))).toMatchObject({
      level: 'error',
      target: 'command:x',
      pid: 7,
      event: 'trip',
      cause: 'budget',
      line: 950,
      value: 950,
      tasks: 950,
      reason: '950 tasks reach the budget of 950 on pids.max of /a',
      msg: '950 tasks reach the budget of 950 on pids.max of /a',
    });
  });
});
