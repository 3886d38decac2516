import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IncidentDocument } from '../../src/core/incident.ts';
import type { DumpFacts } from '../../src/engine/parts.ts';
import { GuardError } from '../../src/errors.ts';
import type { IncidentDir } from '../../src/evidence/incidentDir.ts';
import type { Verdict } from '../../src/policy/verdict.ts';
import type { GuardEvent } from '../../src/reporters/event.ts';
import { type EvidenceParts, type EvidenceWriter, evidenceWriter } from '../../src/session/incidentWriter.ts';
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

const TRIP: Verdict = {
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

function writer(more: Partial<EvidenceParts> = {}): EvidenceWriter {
  const clock = new FakeClock();
  let seconds = 0;
  return evidenceWriter({
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
const factsOf = (verdict: Verdict): DumpFacts => ({
  verdict,
  ceilings: made.ceilings.after,
  ceilingsAtStart: made.ceilings.before,
  samples: made.samples,
  tasks: 3,
});
const event = (name: GuardEvent['event'], message: string, fields: GuardEvent['fields'] = {}): GuardEvent => ({
  event: name,
  message,
  fields,
});
const tripEvent = event('trip', TRIP.reason ?? '', { ...TRIP, tasks: 3, maps: undefined, level: undefined });
const document = (): IncidentDocument => JSON.parse(String(dir.files.get('incident.json')));

describe('the evidence of a trip', () => {
  it('is four files, and sentences for people', () => {
    const told = writer().dump(factsOf(TRIP), 500);
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
    expect(evidence.dump(factsOf(TRIP), 500)).toContain('(+0 since the start)');
  });
  it('is written although the disk is full: into the log', () => {
    dir.isFull = true;
    const told = writer().dump(factsOf(TRIP), 500);
    expect(told).toContain('3 tasks are called "worker"');
    expect(told).toContain('kept nowhere but here: cannot write incident.json (ENOSPC)\nhint: free space there');
  });
  it('an error that is no full disk is not hidden', () => {
    dir.write = () => {
      throw new TypeError('a fault');
    };
    expect(() => writer().dump(factsOf(TRIP), 500)).toThrow(TypeError);
  });
});

describe('why it tripped stays', () => {
  it('the verdict that tripped', () => {
    writer().dump(factsOf(TRIP), 500);
    expect(document().trip).toEqual(TRIP);
  });
  it('also if the evidence is taken when the verdict of the moment says nothing', () => {
    const evidence = writer();
    evidence.record(tripEvent);
    evidence.dump(factsOf({ level: 'ok' }), 500);
    expect(document().trip).toEqual(TRIP);
    evidence.record(event('kill', 'whole tree gone'));
  });
  it('also if the evidence was taken before the trip, for a rule that only looks', async () => {
    const evidence = writer();
    evidence.dump(factsOf({ level: 'warn', cause: 'policy', reason: 'above 80% (early look)' }), 500);
    expect(document().trip).toEqual({ level: 'warn', cause: 'policy', reason: 'above 80% (early look)' });
    evidence.record(tripEvent);
    await evidence.finish();
    expect(document().trip).toEqual(TRIP);
  });
  it('nothing but what the contract has goes into the file', () => {
    writer().dump(factsOf({ ...TRIP, level: 'warn', shape: 'ramp' as never }), 500);
    expect(schemaErrors('incident.json', document())).toEqual([]);
  });
  it('the headline is the reason where nothing else is known', () => {
    proc.vanish(42);
    writer().dump(factsOf(TRIP), 500);
    expect(document().headline).toBe('3 tasks reach --max-tasks 3');
  });
});

describe('a target that ended before anything tripped', () => {
  const REFUSED: Verdict = { level: 'trip', cause: 'refused', reason: 'exit 2, after its leash had refused it a task' };
  it('leaves the reason, and how to learn more', () => {
    const told = writer().postMortem(factsOf(REFUSED));
    expect(told).toBe('exit 2, after its leash had refused it a task');
    expect(document()).toMatchObject({ headline: told, trip: REFUSED, groups: [], coverage: { found: 0 } });
    expect(document().notes.join()).toContain('--capture-stderr');
    expect(schemaErrors('incident.json', document())).toEqual([]);
  });
  it('says itself who made its threads', () => {
    stderr = 'goroutine 7 [syscall]:\nmain.park()\n\t/app/a.go:16 +0x45\ncreated by main.spawn\n\t/app/a.go:35 +0x2a\n';
    const told = writer().postMortem(factsOf(REFUSED));
    expect(told).toContain('main.spawn (/app/a.go:35) makes 100% of the threads');
    expect(document().notes.join()).not.toContain('--capture-stderr');
  });
  it('keeps its hands off the evidence that there is', () => {
    const evidence = writer();
    evidence.dump(factsOf(TRIP), 500);
    expect(evidence.postMortem(factsOf(REFUSED))).toBeUndefined();
    expect(document().trip).toEqual(TRIP);
  });
});

describe('what the guard did', () => {
  it('goes into the incident, in order, one line each', async () => {
    const evidence = writer();
    evidence.record(event('sample', '3 tasks', { tasks: 3 }));
    evidence.record(event('warn', 'a line is near\nmore', { tasks: 2 }));
    evidence.record(tripEvent);
    evidence.dump(factsOf(TRIP), 500);
    evidence.record(event('dump', 'stacks of 3\nmore'));
    evidence.record(event('kill', 'whole tree gone'));
    await evidence.finish();
    expect(document().actions.map(({ action, message, tasks }) => [action, message, tasks])).toEqual([
      ['warn', 'a line is near', 2],
      ['trip', '3 tasks reach --max-tasks 3', 3],
      ['dump', 'stacks of 3', undefined],
      ['kill', 'whole tree gone', undefined],
    ]);
    expect(schemaErrors('incident.json', document())).toEqual([]);
  });
  it('nothing happened: nothing is written', async () => {
    const evidence = writer();
    evidence.record(event('exit', 'exit 0'));
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
    evidence.dump(factsOf(TRIP), 500);
    expect(document().creators).toEqual([]);
    await evidence.finish();
    expect(document()).toMatchObject({
      headline: expect.stringMatching(/^main\.spawn .* makes 100% of the threads; 3 tasks are called "worker"$/),
      creators: [{ count: 1 }],
    });
    expect(String(dir.files.get('stderr.txt'))).toHaveLength(64 * 1024);
    expect(gunzipSync(dir.files.get('goroutines.txt.gz') as Buffer).toString()).toBe(stderr);
  });
  it('a full disk is told, and the page is not tried', async () => {
    const evidence = writer();
    evidence.dump(factsOf(TRIP), 500);
    dir.isFull = true;
    expect(await evidence.finish()).toEqual([
      'kept nowhere but here: cannot write incident.json (ENOSPC)',
      'hint: free space there',
    ]);
  });
});
