import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IncidentDocument } from '../../src/core/incident.ts';
import type { Dumped, DumpFacts } from '../../src/engine/parts.ts';
import { GuardError } from '../../src/errors.ts';
import type { IncidentDir } from '../../src/evidence/incidentDir.ts';
import type { GuardEvent } from '../../src/policy/event.ts';
import type { Opinion } from '../../src/policy/verdict.ts';
import { captureText } from '../../src/reporters/evidenceText.ts';
import { type EvidenceParts, IncidentWriter } from '../../src/session/incidentWriter.ts';
import { FakeClock } from '../evidence/builders/fakeClock.ts';
import { madeIncident } from '../fixtures/incident.ts';
import { type FakeProc, makeProc } from '../fixtures/procTree.ts';
import { schemaErrors } from '../setup/schema.ts';

/** A directory in memory; writes fail while it is full. */
class FakeDir implements IncidentDir {
  readonly path = '/nowhere/incident';
  readonly files = new Map<string, string | Buffer>();
  isFull = false;

  isUsed = (): boolean => this.files.size > 0;
  scratch = (name: string): string => `${this.path}/${name}`;
  settle = (): void => {};
  write = (name: string, text: string | Buffer): void => {
    if (this.isFull) {
      throw new GuardError('no-evidence', `cannot write ${name} (ENOSPC)`, { hint: 'free space there' });
    }
    this.files.set(name, text);
  };
}

const OPINION: Opinion = {
  level: 'trip',
  cause: 'max-tasks',
  ceiling: '--max-tasks',
  unit: 'tasks',
  line: 3,
  value: 3,
};
/** As it stands in the file. */
const TRIP = {
  level: 'trip',
  cause: 'max-tasks',
  ceiling: '--max-tasks',
  line: 3,
  value: 3,
  reason: '3 tasks reach --max-tasks 3',
};
const made = madeIncident();

let proc: FakeProc;
let dir: FakeDir;
let stderr: string | undefined;
beforeEach(() => {
  proc = makeProc({ pid: 42, threads: 3 });
  dir = new FakeDir();
  stderr = undefined;
});
afterEach(() => proc.remove());

function writer(more: Partial<EvidenceParts> = {}): IncidentWriter {
  const clock = new FakeClock();
  let seconds = 0;
  return new IncidentWriter({
    root: proc.root,
    libc: undefined,
    now: clock.now,
    pause: () => undefined,
    recording: undefined,
    jvmOutput: undefined,
    incident: dir,
    target: {
      command: ['server', '--password=hunter2'],
      pid: () => 42,
      processes: () => [42],
      stderr: stderr === undefined ? undefined : () => stderr ?? '',
    },
    keep: 20,
    time: () => {
      seconds += 1;
      return `2026-11-24T10:00:${String(seconds).padStart(2, '0')}.000Z`;
    },
    ...more,
  });
}
const factsOf = (opinion: Opinion = OPINION): DumpFacts => ({
  opinion,
  ceilings: made.ceilings.after,
  ceilingsAtStart: made.ceilings.before,
  samples: made.samples,
  tasks: 3,
});
const tripEvent: GuardEvent = { event: 'trip', opinion: OPINION, tasks: 3 };
const killEvent: GuardEvent = { event: 'kill', tasks: 3, emptyMs: 5, survivors: [] };
/** What people are told of it. */
const textOf = ({ findings, lost }: Dumped): string => [...captureText(findings), ...lost].join('\n');
const document = (): IncidentDocument => JSON.parse(String(dir.files.get('incident.json')));

describe('the evidence of a trip', () => {
  it('is four files, and sentences for people', () => {
    const told = textOf(writer().dump(factsOf(), 500));
    expect([...dir.files.keys()]).toEqual(['incident.json', 'limits.json', 'samples.ndjson', 'stacks.folded']);
    expect(told.split('\n')).toEqual([
      'stacks of 0 of 3 tasks read in 0 ms',
      '3 tasks are called "worker" (+3 since the start)',
      expect.stringMatching(/^note: no stacks of process 42/),
    ]);
    expect(schemaErrors('incident.json', document())).toEqual([]);
    expect(document()).toMatchObject({ pid: 42, tasks: 3, command: ['server', '--password=[redacted]'] });
    expect(String(dir.files.get('samples.ndjson')).trim().split('\n')).toHaveLength(made.samples.length);
    expect(JSON.parse(String(dir.files.get('limits.json'))).before).toHaveLength(1);
    expect(String(dir.files.get('stacks.folded'))).toContain('worker;[unknown] 3');
  });
  it('has what grew since the baseline', () => {
    const evidence = writer();
    evidence.takeBaseline();
    expect(textOf(evidence.dump(factsOf(), 500))).toContain('(+0 since the start)');
  });
  it('is written although the disk is full: into the log', () => {
    dir.isFull = true;
    const told = textOf(writer().dump(factsOf(), 500));
    expect(told).toContain('3 tasks are called "worker"');
    expect(told).toContain('kept nowhere but here: cannot write incident.json (ENOSPC)\nhint: free space there');
  });
  it('an error that is no full disk is not hidden', () => {
    dir.write = () => {
      throw new TypeError('a fault');
    };
    expect(() => writer().dump(factsOf(), 500)).toThrow(TypeError);
  });
});

describe('why it tripped stays', () => {
  it('the verdict that tripped', () => {
    writer().dump(factsOf(), 500);
    expect(document().trip).toEqual(TRIP);
  });
  it('also if the evidence was taken before the trip, for a rule that only looks', async () => {
    const evidence = writer();
    const rule = { level: 'warn', cause: 'policy', ceiling: 'early look', unit: 'tasks', value: 3, above: 2 } as const;
    evidence.dump(factsOf(rule), 500);
    expect(document().trip).toMatchObject({ level: 'warn', cause: 'policy', reason: '3 tasks, above 2 (early look)' });
    evidence.record(tripEvent);
    await evidence.finish();
    expect(document().trip).toEqual(TRIP);
  });
  it('nothing but what the contract has goes into the file', () => {
    writer().dump(factsOf({ ...OPINION, level: 'warn', shape: 'linear', shapeText: 'grows' }), 500);
    expect(schemaErrors('incident.json', document())).toEqual([]);
  });
  it('the headline is the reason where nothing else is known', () => {
    proc.vanish(42);
    writer().dump(factsOf(), 500);
    expect(document().headline).toBe('3 tasks reach --max-tasks 3');
  });
});

describe('a target that ended before anything tripped', () => {
  const refused: Opinion = {
    ...OPINION,
    cause: 'refused',
    ceiling: 'its cap (pids.max 3)',
    refusals: 1,
    ended: 'exit 2',
  };
  const reason = 'exit 2, after its cap (pids.max 3) had refused it a task once';
  it('leaves the reason, and how to learn more', () => {
    expect(writer().postMortem(factsOf(refused))?.lost).toEqual([]);
    expect(document()).toMatchObject({ headline: reason, trip: { cause: 'refused', reason }, coverage: { found: 0 } });
    expect(document().notes.join()).toContain('--capture-stderr');
    expect(schemaErrors('incident.json', document())).toEqual([]);
  });
  it('says itself who made its threads', () => {
    stderr = 'goroutine 7 [syscall]:\nmain.park()\n\t/app/a.go:16 +0x45\ncreated by main.spawn\n\t/app/a.go:35 +0x2a\n';
    const told = writer().postMortem(factsOf(refused)) as Dumped;
    expect(textOf(told)).toContain('main.spawn (/app/a.go:35) makes 100% of the threads');
    expect(document().notes.join()).not.toContain('--capture-stderr');
  });
  it('leaves the picture that was taken of it near its line, and says what that is', () => {
    const evidence = writer();
    evidence.picture(factsOf({ ...OPINION, level: 'warn' }), 500);
    expect(dir.files.size).toBe(0);
    proc.vanish(42);
    const told = textOf(evidence.postMortem(factsOf(refused)) as Dumped);
    expect(told).toContain('3 tasks are called "worker"');
    expect(document().notes[0]).toContain('this is a picture of it at 3 tasks, taken without a stop');
    expect(document()).toMatchObject({ trip: { cause: 'refused' }, coverage: { found: 3, stops: 0 } });
  });
  it('a trip whose target is gone before it could be read has the picture too', () => {
    const evidence = writer();
    evidence.picture(factsOf({ ...OPINION, level: 'warn' }), 500);
    proc.vanish(42);
    evidence.dump(factsOf(), 500);
    expect(document()).toMatchObject({ trip: TRIP, coverage: { found: 3 }, groups: [{ count: 3 }] });
  });
  it('keeps its hands off the evidence that there is', () => {
    const evidence = writer();
    evidence.dump(factsOf(), 500);
    expect(evidence.postMortem(factsOf(refused))).toBeUndefined();
    expect(document().trip).toEqual(TRIP);
  });
});

describe('what the guard did', () => {
  it('goes into the incident, in order, one line each', async () => {
    const evidence = writer();
    const line = { ...OPINION, level: 'warn', cause: 'budget', line: 4 } as const;
    evidence.record({ event: 'start', command: [], scheduling: '', ceilings: [], attempt: 1 });
    evidence.record({ event: 'warn', about: 'line', opinion: line, tasks: 2 });
    evidence.record(tripEvent);
    const dumped = evidence.dump(factsOf(), 500);
    evidence.record({ event: 'dump', tasks: 3, ...dumped });
    evidence.record(killEvent);
    await evidence.finish();
    expect(document().actions.map(({ action, message, tasks }) => [action, message, tasks])).toEqual([
      ['warn', '3 tasks are 75% of --max-tasks (4)', 2],
      ['trip', '3 tasks reach --max-tasks 3', 3],
      ['dump', 'stacks of 0 of 3 tasks read in 0 ms', 3],
      ['kill', 'whole tree gone in 5 ms', 3],
    ]);
    expect(schemaErrors('incident.json', document())).toEqual([]);
  });
  it('nothing happened: nothing is written', async () => {
    const evidence = writer();
    evidence.record({ event: 'error', about: 'telling', problem: 'nobody listens' });
    expect(await evidence.finish()).toEqual([]);
    expect(dir.files.size).toBe(0);
  });
});

describe('the end', () => {
  it('what it said is kept, and its own words are better than samples', async () => {
    const goroutine =
      'goroutine 7 [syscall]:\nmain.park()\n\t/app/a.go:16 +0x45\ncreated by main.spawn\n\t/app/a.go:35 +0x2a\n';
    stderr = `${'x'.repeat(70_000)}\n\n${goroutine}`;
    const evidence = writer();
    evidence.dump(factsOf(), 500);
    expect(document().creators).toEqual([]);
    await evidence.finish();
    expect(document()).toMatchObject({
      headline: expect.stringMatching(/^main\.spawn .* makes 100% of the threads$/),
      creators: [{ count: 1 }],
    });
    expect(String(dir.files.get('stderr.txt'))).toHaveLength(64 * 1024);
    expect(gunzipSync(dir.files.get('goroutines.txt.gz') as Buffer).toString()).toBe(stderr);
  });
  it('a full disk is told, and the page is not tried', async () => {
    const evidence = writer();
    evidence.dump(factsOf(), 500);
    dir.isFull = true;
    expect(await evidence.finish()).toEqual([
      'kept nowhere but here: cannot write incident.json (ENOSPC)',
      'hint: free space there',
    ]);
  });
});
