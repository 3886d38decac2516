import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headerLine, pointLine } from '../../src/canary/recording.ts';
import { explainLog } from '../../src/cli/explainLog.ts';
import { LIMITS_FLAGS, type LimitsFlags, limitsAnswer } from '../../src/cli/limitsAnswer.ts';
import { makeCeiling } from '../../src/core/ceiling.ts';
import { namedCreators, rankCreators } from '../../src/core/creators.ts';
import type { GroupLevel } from '../../src/core/groupKeys.ts';
import { judge } from '../../src/core/growth/judge.ts';
import { suggestLimit } from '../../src/core/growth/suggestLimit.ts';
import { incidentDocument } from '../../src/core/incidentDocument.ts';
import { explainRefusal, type RefusalFacts } from '../../src/core/refusal.ts';
import { RUNTIMES, type StackSource } from '../../src/core/runtimes.ts';
import type { Frame, TaskStack, WaitKind } from '../../src/core/stack.ts';
import { groupStacks } from '../../src/core/stackGroups.ts';
import { checksOf } from '../../src/doctor/checks.ts';
import { doctorDocument } from '../../src/doctor/doctorText.ts';
import type { Findings } from '../../src/doctor/findings.ts';
import { drillDocument } from '../../src/drill/drillText.ts';
import { HOLDS } from '../../src/drill/holds.ts';
import { SIGNS } from '../../src/drill/judge.ts';
import { readSlice } from '../../src/flags/flag.ts';
import { CAUSES } from '../../src/policy/verdict.ts';
import { canaryDocument } from '../../src/reporters/canaryText.ts';
import { dumpDocument } from '../../src/reporters/dumpText.ts';
import { EVENT_NAMES, EVENT_TABLE } from '../../src/reporters/eventTable.ts';
import { explanationDocument } from '../../src/reporters/explainText.ts';
import { suggestedLimitDocument } from '../../src/reporters/suggestedLimit.ts';
import { bodyOf } from '../../src/service/tell/message.ts';
import { renderReport } from '../../src/session/incidentReport.ts';
import { drillFacts, held } from '../drill/facts.ts';
import { findings } from '../fixtures/events.ts';
import { madeIncident } from '../fixtures/incident.ts';
import { makeMachine } from '../fixtures/machine.ts';
import { schemaErrors, writtenErrors } from '../setup/schema.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgdocuments-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** But for the one whose asker is not among its own processes: what it holds is then taken out of nothing. */
const MACHINES = readdirSync(new URL('../fixtures/machines', import.meta.url))
  .map((file) => file.replace('.txt', ''))
  .filter((name) => name !== 'nested-pid-namespace');

describe('limits --json keeps its schema', () => {
  it.for(MACHINES)('on the machine %s', (name) => {
    const machine = makeMachine(name);
    try {
      for (const given of [{}, { who: true }, { pid: 42 }, { pid: 42, who: true }]) {
        const flags = readSlice<LimitsFlags>(LIMITS_FLAGS, { ...given, json: true });
        expect(schemaErrors('limits.json', JSON.parse(limitsAnswer(flags, machine.root, undefined)))).toEqual([]);
      }
    } finally {
      machine.remove();
    }
  });
});

describe('explain --json keeps its schema', () => {
  const full = makeCeiling({
    name: 'pids.max',
    scope: 'cgroup',
    path: '/app',
    unit: 'tasks',
    used: 100,
    limit: 100,
    source: 'pids.max',
    raise: 'TasksMax=',
  });
  const free = makeCeiling({ ...full, name: 'RLIMIT_NPROC', scope: 'user', limit: 4_096 });
  const unread = makeCeiling({ ...full, name: 'kernel.pid_max', scope: 'host', used: 'unknown', limit: 'unknown' });
  it.for<[string, Partial<RefusalFacts>]>([
    ['nothing was refused', {}],
    ['a counter moved', { pidsEvents: [{ path: '/app', count: 3, isLocal: true }] }],
    [
      'two can be',
      { pidsEvents: [{ path: '/b', count: 3, isLocal: false }], ceilings: [full, { ...full, path: '/b' }] },
    ],
    ['a call was seen', { hasPidsEvents: false, call: { name: 'clone3', errno: 'EAGAIN' } }],
    ['seccomp', { call: { name: 'clone', errno: 'EPERM' } }],
    [
      'nobody knows',
      { ceilings: [unread], messages: [{ runtime: 'go', wanted: 'thread', errno: undefined, text: 'x' }] },
    ],
    ['killed for memory', { oomKills: [{ path: '/app', count: 1 }] }],
  ])('when %s', ([, over]) => {
    const explanation = explainRefusal({
      ceilings: [full, free, unread],
      slack: { tasks: 3, maps: 3 },
      pidsEvents: [],
      hasPidsEvents: true,
      oomKills: [],
      messages: [],
      ...over,
    });
    expect(writtenErrors('explain.json', explanationDocument('pid 42 (a\n)', explanation))).toEqual([]);
  });
  it('of a log with messages of every kind, and of one without', () => {
    const path = join(dir, 'a.log');
    writeFileSync(
      path,
      [
        'unable to create native thread',
        'pthread_create failed (EAGAIN)',
        'sh: fork: Cannot allocate memory',
        'MemoryError',
        'os::commit_memory(0x0, 1, 0) failed; error=Not enough space (errno=12)',
        'all is well',
      ].join('\n'),
    );
    const document = JSON.parse(explainLog(path, true).text) as { messages: unknown[] };
    expect(document.messages).toHaveLength(5);
    expect(schemaErrors('explain.json', document)).toEqual([]);
    writeFileSync(path, 'all is well\n');
    expect(schemaErrors('explain.json', JSON.parse(explainLog(path, true).text))).toEqual([]);
  });
});

describe('dump --json keeps its schema', () => {
  const frames: Frame[] = [
    { function: 'park' },
    { function: 'serve', file: '/app/a.py', line: 9, module: '/usr/bin/python3' },
  ];
  const task = (over: Partial<TaskStack>): TaskStack => ({
    pid: 1,
    tid: 2,
    name: 'conn-7',
    wait: 'read',
    runtime: 'python',
    frames,
    isWhole: true,
    cpuTicks: 0,
    startTime: 100,
    ...over,
  });
  const WAITS: readonly WaitKind[] = [
    'running',
    'lock',
    'queue',
    'sleep',
    'child',
    'clone',
    'stopped',
    'dead',
    'unknown',
  ];
  it.for<GroupLevel>(['exact', 'function', 'site'])('with groups by %s', (level) => {
    const stacks = [
      ...WAITS.map((wait) => task({ wait, name: wait })),
      ...(Object.keys(RUNTIMES) as StackSource[]).map((runtime) =>
        task({ runtime, frames: [...frames, { function: runtime }] }),
      ),
      task({ frames: [], isWhole: false, label: 'pool-1-thread-3' }),
    ];
    const document = dumpDocument({
      subject: 'pid 1 (a)',
      tasks: stacks.length,
      covered: stacks.length - 1,
      stoppedMs: 0.5,
      tookMs: 12.7,
      runtimes: ['CPython 3.11'],
      groups: groupStacks(stacks, level),
      creators: [
        ...namedCreators(stacks),
        ...rankCreators(
          [{ runtime: 'python', frames: [{ function: 'start', file: '/lib/threading.py' }, ...frames] }],
          (caught, all) => `caught ${caught} of ${all}`,
        ),
      ],
      notes: ['one ended'],
    });
    expect(document.groups.length).toBeGreaterThan(1);
    expect(document.creators).toHaveLength(1);
    expect(writtenErrors('dump.json', document)).toEqual([]);
  });
  it('of a process of which nothing could be read', () => {
    const nothing = {
      tasks: 0,
      covered: 0,
      stoppedMs: 0,
      tookMs: 0,
      runtimes: [],
      groups: [],
      creators: [],
      notes: [],
    };
    expect(writtenErrors('dump.json', dumpDocument({ subject: 'pid 1 (a)', ...nothing }))).toEqual([]);
  });
});

describe('canary --json keeps its schema', () => {
  const flat = Array.from({ length: 120 }, (_, index) => 100 + (index % 3));
  const leak = flat.map((value, index) => value + 2 * index);
  const label = { label: 'pid 1 (a)' };
  it.for([
    ['flat', flat, flat, undefined],
    ['a leak', flat, leak, undefined],
    ['a leak with an end', flat, leak, 200],
    ['both leak', leak, leak, 200],
    ['nothing at all', flat.map(() => 0), flat.map(() => 0), 0],
    ['from nothing to something', flat.map(() => 0), leak, 1],
    ['too short', flat.slice(0, 5), leak.slice(0, 5), undefined],
    ['empty', [], [], undefined],
  ] as const)('%s', ([, baseline, candidate, remaining]) => {
    const judgement = judge([{ name: 'tasks', baseline, candidate, remaining }], 1_000);
    const document = canaryDocument({ judgement, baseline: label, candidate: label, stepMs: 1_000 });
    expect(writtenErrors('canary.json', document)).toEqual([]);
  });
  it('when nothing could be compared: no samples, and not infinitely many', () => {
    const document = canaryDocument({ judgement: judge([], 1_000), baseline: label, candidate: label, stepMs: 1 });
    expect([document.samples, document.verdict]).toEqual([0, 'inconclusive']);
    expect(writtenErrors('canary.json', document)).toEqual([]);
  });
});

describe('doctor --json keeps its schema', () => {
  const bad: Findings = {
    kernel: '4.4.0',
    containment: { kind: 'none', isCgroup: false, why: ['not delegated', 'no libc'] },
    cgroupVersion: undefined,
    hasCgroupKill: false,
    hasLocalEvents: false,
    hasLibc: false,
    isSubreaper: false,
    priority: 'none',
    hasAutogroup: true,
    ptraceScope: undefined,
    canPtrace: false,
    hidesProcesses: true,
    canReadSlabs: false,
    canTrace: undefined,
    whyNotTraced: undefined,
    runtimes: [],
    room: { tasks: undefined, by: '' },
    openFiles: undefined,
    addressSpaceBytes: undefined,
    unreaped: 3,
    init: 'sh',
  };
  it('where everything is missing', () => {
    const document = doctorDocument(bad, checksOf(bad));
    expect(document.checks.filter(({ ok }) => !ok).length).toBeGreaterThan(8);
    expect(writtenErrors('doctor.json', document)).toEqual([]);
  });
});

describe('drill --json keeps its schema', () => {
  const about = { kind: 'threads', tookMs: 588.4, named: undefined } as const;
  it.for(HOLDS)('where %s holds', (by) => {
    for (const sign of SIGNS) {
      const facts = drillFacts({ hold: held(by), sign: { by: sign, timeMs: 1_000 } });
      expect(writtenErrors('drill.json', drillDocument(facts, about))).toEqual([]);
    }
  });
  it('where nothing went well', () => {
    const facts = drillFacts({ sign: undefined, emptyAtMs: undefined, peakTasks: 600, leftTasks: 3 });
    const named = { as: 'creator', function: 'spawn', file: '/a.c', line: 3, module: 'a' } as const;
    const document = drillDocument({ ...facts, stoppedByGuard: false }, { ...about, kind: 'forks', named });
    expect(writtenErrors('drill.json', document)).toEqual([]);
  });
});

describe('a recording keeps its schema', () => {
  it.for([
    headerLine({ target: 'unit:a', everyMs: 1_000, started: '2026-01-02T03:04:05.000Z' }),
    pointLine({ timeMs: 0, tasks: 0 }),
    pointLine({ timeMs: 1, tasks: 2, processes: 1, maps: undefined, memoryBytes: 4_096, cpuMs: 10.5 }),
  ])('%s', (line) => {
    expect(line.endsWith('}\n')).toBe(true);
    expect(schemaErrors('samples.json', JSON.parse(line))).toEqual([]);
  });
});

describe('suggest-limit --json keeps its schema', () => {
  it.for([
    ['a limit', Array.from({ length: 120 }, (_, index) => 400 + (index % 7))],
    ['no limit', Array.from({ length: 120 }, (_, index) => 10 * index)],
    ['a recording of nothing', Array.from({ length: 120 }, () => 0)],
  ] as const)('%s', ([, tasks]) => {
    const found = suggestLimit([
      { label: 'a', points: tasks.map((value, index) => ({ timeMs: 1_000 * index, value })) },
    ]);
    expect(writtenErrors('suggest-limit.json', suggestedLimitDocument(found))).toEqual([]);
  });
});

describe('an incident keeps its schema', () => {
  const facts = { time: '2026-01-02T03:04:05.000Z', command: ['java', '-Dpassword=x'], pid: 42, tasks: 950 };
  const action = { time: facts.time, message: 'it did' };
  it.for(CAUSES)('of a trip by %s', (cause) => {
    const trip = { level: 'trip', cause, ceiling: 'pids.max of /a', line: 950, value: 951, reason: 'why' } as const;
    const names = EVENT_NAMES.filter((name) => EVENT_TABLE[name].isAction);
    const document = incidentDocument({ ...facts, trip }, findings, [
      ...names.map((name) => ({ ...action, action: name, tasks: 3 })),
      { ...action, action: 'exit' },
    ]);
    expect(names.length).toBeGreaterThan(6);
    expect(writtenErrors('incident.json', document)).toEqual([]);
  });
  it.for([
    ['a policy that only wanted evidence', { level: 'warn', cause: 'policy' }],
    ['a version that forgot why', { level: 'ok' }],
  ] as const)('of %s', ([, trip]) => {
    const document = incidentDocument({ ...facts, pid: undefined, trip }, findings, []);
    expect(writtenErrors('incident.json', document)).toEqual([]);
  });
  it('as report --format json prints it, with what lies beside it', () => {
    const { ceilings, document, samples } = madeIncident();
    writeFileSync(join(dir, 'incident.json'), JSON.stringify(document));
    writeFileSync(join(dir, 'samples.ndjson'), samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''));
    writeFileSync(join(dir, 'limits.json'), JSON.stringify(ceilings));
    const printed = JSON.parse(renderReport(dir, 'json')) as { samples: unknown[] };
    expect(printed.samples).toHaveLength(20);
    expect(schemaErrors('report.json', printed)).toEqual([]);
  });
});

describe('a message to people keeps its schema', () => {
  it.for(['warn', 'trip', 'error', 'exit'] as const)('about %s', (event) => {
    const message = {
      schema: 'threadguard.event/1',
      time: '2026-01-02T03:04:05.000Z',
      host: 'h1',
      target: 'command:a',
      pid: event === 'exit' ? null : 7,
      event,
      message: 'it did',
      incident: event === 'trip' ? '/var/lib/threadguard/x' : null,
    } as const;
    expect(schemaErrors('message.json', JSON.parse(bodyOf('generic', { message, alert: undefined })))).toEqual([]);
  });
});
