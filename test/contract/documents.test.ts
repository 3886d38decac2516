import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SchemaName } from '../../src/documents/allSchemas.ts';
import { type Box, events, MISBEHAVE, makeBox, THREADGUARD, until } from '../e2e/harness.ts';
import { schemaErrors } from '../setup/schema.ts';

// What the built command prints for programs, against the schemas that are shipped with it.

let box: Box;
beforeEach(() => {
  box = makeBox(1_500);
});
afterEach(() => box.remove());

/** Runs the command and gives the document that it prints on stdout. */
const printed = async (...words: string[]): Promise<Record<string, unknown>> => {
  const { err, out } = await box.start([THREADGUARD, ...words]).ended;
  expect(out, err).toMatch(/^\{.*\}\n$/);
  return JSON.parse(out) as Record<string, unknown>;
};
const lines = (path: string): unknown[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

describe('a document', () => {
  it.for<[SchemaName, string[]]>([
    ['limits', ['limits', '--json']],
    ['limits', ['limits', '--json', '--who']],
    ['limits', ['limits', '--json', '--pid', String(process.pid)]],
    ['doctor', ['doctor', '--json']],
    ['drill', ['drill', '--json', '--max-tasks', '150']],
    ['dump', ['dump', '--json', '--pid', String(process.pid)]],
    ['dump', ['dump', '--json', '--by', 'exact', '--timeout', '0', '--pid', String(process.pid)]],
    ['explain', ['explain', '--json', '--pid', String(process.pid)]],
    ['explain', ['explain', '--json', '--', 'true']],
  ])('%s: threadguard %j', async ([name, words]) => {
    expect(schemaErrors(`${name}.json`, await printed(...words))).toEqual([]);
  });
  it('explain of a command that is refused threads, and of what it printed', async () => {
    const small = makeBox(80);
    try {
      const { err, out } = await small.start([THREADGUARD, 'explain', '--json', '--', MISBEHAVE, 'thread', '500', '1'])
        .ended;
      const document = JSON.parse(out) as { ceiling: string };
      expect(document.ceiling, err).toBe('pids.max');
      expect(schemaErrors('explain.json', document)).toEqual([]);
    } finally {
      await small.remove();
    }
    const log = join(box.scratch, 'log');
    writeFileSync(log, 'pthread_create: Resource temporarily unavailable\n');
    const document = await printed('explain', '--json', '--log', log);
    expect(document['messages']).toHaveLength(1);
    expect(schemaErrors('explain.json', document)).toEqual([]);
  });
  it('of a recording, and of what is made from recordings', async () => {
    const target = box.start(['sleep', '30']);
    const path = join(box.scratch, 'samples.ndjson');
    const recorded = await box.start([
      ...[THREADGUARD, 'record', '--target', `pid:${target.child.pid}`, '--out', path],
      ...['--for', '1s', '--every', '100ms'],
    ]).ended;
    expect(recorded.code, recorded.err).toBe(0);
    const samples = lines(path);
    expect(samples.length).toBeGreaterThan(5);
    for (const sample of samples) expect(schemaErrors('samples.json', sample)).toEqual([]);
    expect(schemaErrors('suggest-limit.json', await printed('suggest-limit', '--json', path))).toEqual([]);
    const words = ['canary', '--json', '--baseline', `file:${path}`, '--candidate', `file:${path}`];
    expect(schemaErrors('canary.json', await printed(...words))).toEqual([]);
    target.child.kill('SIGKILL');
  });
});

describe('a run', () => {
  const guard = (flags: readonly string[], command: readonly string[]) =>
    box.start([
      ...[
        THREADGUARD,
        'run',
        '--log-format',
        'json',
        '--incident-dir',
        box.scratch,
        '--grace',
        '0',
        ...flags,
        '--',
        ...command,
      ],
    ]);
  const bomb = [MISBEHAVE, 'thread', '5000', '2'];
  /** Every line of a log keeps the schema; returns the names of its events. */
  const check = (log: string): unknown[] => {
    const found = events(log);
    for (const event of found) expect(schemaErrors('events.json', event), JSON.stringify(event)).toEqual([]);
    return found.map(({ event }) => event);
  };

  it('that trips: its log, its incident, the report of it and what people are told', async () => {
    const told = join(box.scratch, 'told.ndjson');
    const { code, err } = await guard(['--max-tasks', '60', '--tell', `file:${told}`], bomb).ended;
    expect(code, err).toBe(113);
    expect(check(err)).toEqual(
      expect.arrayContaining(['start', 'contained', 'sample', 'trip', 'clamp', 'dump', 'kill', 'exit']),
    );
    const incident = readdirSync(box.scratch)
      .map((name) => join(box.scratch, name))
      .find((path) => existsSync(join(path, 'incident.json')));
    const file = join(incident as string, 'incident.json');
    expect(schemaErrors('incident.json', JSON.parse(readFileSync(file, 'utf8')))).toEqual([]);
    const document = await printed('report', '--format', 'json', incident as string);
    expect(schemaErrors('report.json', document)).toEqual([]);
    const messages = lines(told);
    expect(messages.length).toBeGreaterThan(1);
    for (const message of messages) expect(schemaErrors('message.json', message)).toEqual([]);
  });
  it('that only says what it would do', async () => {
    const { err } = await guard(['--max-tasks', '60', '--dry-run'], [...bomb.slice(0, 2), '200', '2']).ended;
    expect(check(err)).toEqual(expect.arrayContaining(['trip', 'exit']));
  });
  it('that is started again, and rolled back, until it gives up', async () => {
    const flags = ['--max-tasks', '60', '--restart', 'always', '--max-restarts', '1/1m', '--restart-delay', '10ms'];
    const { code, err } = await guard([...flags, '--on-trip-exec', 'exit 0'], bomb).ended;
    expect(code).toBe(114);
    expect(check(err)).toEqual(expect.arrayContaining(['restart', 'rollback', 'error']));
  });
  it('that reads its policy again, once well and once badly', async () => {
    const config = join(box.own(), 'guard.yaml');
    writeFileSync(config, 'policies:\n  - when: {resource: tasks, above: 1}\n    then: [warn]\n', { mode: 0o644 });
    const running = guard(['--config', config], ['sleep', '20']);
    await until('it runs', () => running.err().includes('"contained"'));
    running.child.kill('SIGHUP');
    await until('it was read', () => running.err().includes('"reload"'));
    writeFileSync(config, 'grase: 1s\n');
    running.child.kill('SIGHUP');
    await until('it was refused', () => running.err().includes('"error"'));
    running.child.kill('SIGTERM');
    const { err } = await running.ended;
    expect(check(err)).toEqual(expect.arrayContaining(['reload', 'error', 'exit']));
  });
  it('that dies of the first thread that it is refused: its log, and the incident of what was seen before', async () => {
    const threads =
      'import threading, time\nfor _ in range(500): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()';
    const { err } = await guard(['--max-tasks', '40', '--capture-stderr'], ['/usr/bin/python3', '-c', threads]).ended;
    expect(check(err)).toEqual(expect.arrayContaining(['start', 'dump', 'exit']));
    const files = readdirSync(box.scratch).map((name) => join(box.scratch, name, 'incident.json'));
    const document = JSON.parse(readFileSync(files.find((path) => existsSync(path)) as string, 'utf8')) as object;
    expect(document).toMatchObject({ trip: { cause: 'refused' } });
    expect(schemaErrors('incident.json', document)).toEqual([]);
  });
  it.for([
    ['nothing holds', ['--contain', 'none']],
    ['a warning precedes', ['--warn-at', '5%']],
  ] as const)('where %s', async ([, flags]) => {
    const { err } = await guard([...flags, '--max-tasks', '100'], [...bomb.slice(0, 2), '80', '3']).ended;
    expect(check(err)).toEqual(expect.arrayContaining(['start', 'contained', 'exit']));
  });
});
