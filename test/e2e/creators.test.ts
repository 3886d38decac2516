import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Creator } from '../../src/core/creators.ts';
import type { IncidentDocument } from '../../src/core/incident.ts';
import { whyNotTraced } from '../../src/evidence/creators/tracing.ts';
import { kernelRoot } from '../../src/procfs/root.ts';
import { schemaErrors } from '../setup/schema.ts';
import { BUILD_DIR } from '../setup/tools.ts';
import { type Box, events, makeBox, THREADGUARD } from './harness.ts';

let box: Box;
beforeEach(() => {
  box = makeBox(2000);
});
afterEach(() => box.remove());

const LEAK = join(BUILD_DIR, 'leak');

/** Runs it guarded until it trips. */
async function guarded(
  flags: readonly string[],
  ...command: readonly string[]
): Promise<{ readonly incident: IncidentDocument; readonly err: string }> {
  const guard = [THREADGUARD, 'run', '--incident-dir', box.scratch, '--grace', '1s', ...flags];
  const log = join(box.scratch, 'guard.log');
  const { err } = await box.start([...guard, '--log-file', log, '--log-format', 'json', '--', ...command]).ended;
  const { incident: dir } = events(readFileSync(log, 'utf8')).at(-1) as { incident: string };
  const incident = JSON.parse(readFileSync(join(dir, 'incident.json'), 'utf8'));
  expect(schemaErrors('incident.json', incident)).toEqual([]);
  return { incident, err };
}

const first = ({ creators }: IncidentDocument): Creator => {
  const [creator] = creators;
  if (creator === undefined) throw new Error('nobody is named');
  return creator;
};

const FALLS_BACK = 'who makes its tasks is sampled, not recorded by the kernel: ';

it('a plain user has no right to the record: the banner says so, and why, and the command runs', async () => {
  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env', 'HOME=/nonexistent'];
  const { code, err } = await box.start([...asNobody, THREADGUARD, 'run', '--', 'true']).ended;
  expect(code).toBe(0);
  expect(err).toContain(`note: ${FALLS_BACK}`);
});

/** Some machines give that right to nobody: a container, a kernel without tracepoints. */
const why = whyNotTraced(kernelRoot());
if (why === undefined) recorded();
else {
  it('this machine records nothing, and that is said', async () => {
    const { err } = await box.start([THREADGUARD, 'run', '--', 'true']).ended;
    expect(err).toContain(`note: ${FALLS_BACK}${why}`);
  });
}

function recorded(): void {
  describe('a leak in C, from its first thread on', () => {
    it.each([
      ['one thread every 10 ms', '100'],
      ['500 a second', '500'],
      ['as fast as it can', '0'],
    ])('%s: the function, what it made, and nothing is stopped', async (_, rate) => {
      const { incident } = await guarded(['--max-tasks', '150'], LEAK, rate, '2000', 'thread');
      const { certainty, count, frames, makes, source } = first(incident);
      expect([certainty, makes]).toEqual(['exact', 'threads']);
      expect(frames.map((frame) => frame.function)).toEqual(['make', 'open_session', 'main']);
      expect(source).toMatch(/^the kernel recorded all 149/);
      expect(incident.coverage.stops).toBe(0);
      const counts = incident.creators.map((creator) => [creator.frames[1]?.function, creator.count]);
      expect(counts.map(([site]) => site)).toEqual(['open_session', 'accept_upload', 'start_timer']);
      expect(incident.creators.reduce((sum, creator) => sum + creator.count, 0)).toBe(149);
      expect(count).toBeGreaterThan(70);
      expect(incident.headline).toMatch(
        /^make \(leak\) started \d+ threads, \d+% of all, [\d,]+ a second: make < open_session < main;/,
      );
    });
    it.each(['fork', 'vfork'])('of processes by %s', async (kind) => {
      const { incident } = await guarded(['--max-tasks', '60'], LEAK, '200', '2000', kind);
      const { frames, makes, runs } = first(incident);
      expect(makes).toBe('processes');
      expect(frames.map((frame) => frame.function)).toEqual(['make', 'open_session', 'main']);
      expect(runs).toEqual(kind === 'vfork' ? ['sleep'] : undefined);
    });
    it('a program that makes thousands of threads and ends them is no leak: who has those that live is named', async () => {
      const script = `(i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i+1)); done) & exec ${LEAK} 100 2000 thread`;
      const { incident } = await guarded(['--max-tasks', '120'], 'sh', '-c', script);
      expect(first(incident).frames[0]?.function).toBe('make');
    });
  });

  describe('a script that leaves processes behind: the function, its line and its callers', () => {
    const script = fileURLToPath(new URL('../programs/leaks/leak.sh', import.meta.url));
    it.each(['bash', 'dash', 'busybox sh'])('%s', async (shell) => {
      const { incident } = await guarded(['--max-tasks', '60'], ...shell.split(' '), script, '50', '2000');
      const { certainty, frames, makes, runs } = first(incident);
      expect([certainty, makes, runs]).toEqual(['exact', 'processes', ['sleep']]);
      expect(frames.map((frame) => [frame.function, frame.file, frame.line])).toEqual([
        ['open_session', script, 4],
        ['handle', script, 15],
        ['main', script, 25],
      ]);
      const sites = incident.creators.map((creator) => [creator.frames[0]?.function, creator.frames[0]?.line]);
      expect(sites).toEqual(
        expect.arrayContaining([
          ['open_session', 4],
          ['accept_upload', 8],
          ['start_timer', 11],
        ]),
      );
    });
  });

  it('processes of a tree of programs: by the command lines of those that made them', async () => {
    const script = 'for i in 1 2 3 4 5 6 7 8 9; do sleep 30 & sleep 0.1; done; wait';
    const { incident } = await guarded(['--max-tasks', '8'], 'env', 'sh', '-c', script);
    const { command, makes, runs } = first(incident);
    expect([makes, runs]).toEqual(['processes', ['sleep']]);
    expect(command).toContain('for i in 1 2 3 4 5 6 7 8 9');
  });

  const PROGRAMS = fileURLToPath(new URL('../programs/leaks', import.meta.url));

  describe('the line, in languages whose frames are not those of the machine', () => {
    const most = (incident: IncidentDocument) => {
      const { certainty, frames, makes } = first(incident);
      const [site] = frames;
      return { certainty, makes, at: `${site?.function} ${site?.file?.split('/').pop()}:${site?.line}` };
    };
    const lineOf = (file: string, text: string): number =>
      readFileSync(join(PROGRAMS, file), 'utf8')
        .split('\n')
        .findIndex((line) => line.includes(text)) + 1;

    it.each(['50', '500', '0'])(
      'Python, %s threads a second: its refused thread ends it, and its line is known',
      async (rate) => {
        const { incident } = await guarded(
          ['--max-tasks', '200'],
          '/usr/bin/python3',
          join(PROGRAMS, 'leak.py'),
          'thread',
          rate,
          '3000',
        );
        expect(most(incident)).toMatchObject({
          certainty: 'exact',
          makes: 'threads',
          at: expect.stringMatching(/ leak\.py:\d+$/),
        });
        expect(incident.headline).not.toContain('are called');
        expect(incident.creators.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(150);
      },
    );
    it('Node: the function that makes its workers', async () => {
      const command = [process.execPath, join(PROGRAMS, 'leak.mjs'), 'worker', '50', '400'];
      const { incident } = await guarded(['--max-tasks', '60'], ...command);
      expect(most(incident)).toMatchObject({
        certainty: 'exact',
        makes: 'threads',
        at: expect.stringMatching(/ leak\.mjs:\d+$/),
      });
    });
    it('Node: the function that makes its processes', async () => {
      const command = [process.execPath, join(PROGRAMS, 'leak.mjs'), 'spawn', '100', '400'];
      const { incident } = await guarded(['--max-tasks', '80'], ...command);
      expect(most(incident)).toMatchObject({
        certainty: 'exact',
        makes: 'processes',
        at: expect.stringMatching(/ leak\.mjs:\d+$/),
      });
    });
    it.each([
      ['thread', 'handleRequest'],
      ['pool', 'handleOrder'],
    ])('Java, %s: nothing is asked of the JVM', async (kind, method) => {
      const command = ['/usr/bin/java', '-cp', BUILD_DIR, 'Leak', kind, '200', '3000'];
      const { incident } = await guarded(['--max-tasks', '200', '--no-inject'], ...command);
      const line = first(incident).frames[0]?.line ?? 0;
      expect(most(incident)).toEqual({ certainty: 'exact', makes: 'threads', at: `Leak.${method} Leak.java:${line}` });
      expect(Math.abs(line - lineOf('Leak.java', `void ${method}`))).toBeLessThanOrEqual(4);
    });
    it('Go: the function that makes its threads block', async () => {
      const { incident } = await guarded(['--max-tasks', '300'], join(BUILD_DIR, 'spawner-go'), '3000', '5');
      expect(first(incident).source).toMatch(/^the kernel recorded all/);
    });
  });

  describe('a leak in a script: the very line, by the registers of its interpreter', () => {
    const program = (name: string): string => fileURLToPath(new URL(`../programs/leaks/${name}`, import.meta.url));
    const lines = ({ creators }: IncidentDocument, file: string): Map<string, number> => {
      const told = creators.filter(({ certainty, frames }) => certainty === 'exact' && frames[0]?.file === file);
      return new Map(told.map(({ count, frames }) => [`${frames[0]?.function}:${frames[0]?.line}`, count]));
    };
    it.each([
      ['ruby', 'leak.rb', ['open_session:5', 'accept_upload:9', 'start_timer:13']],
      ['php', 'leak.php', ['Server::openSession:10', 'Server::acceptUpload:20', 'startTimer:28']],
      ['perl', 'leak.pl', ['main::open_session:10', 'main::accept_upload:17', 'Timer::start:23']],
    ])('%s', async (interpreter, name, [most, second, third]) => {
      const file = program(name);
      const { incident } = await guarded(['--max-tasks', '120'], interpreter, file, '100', '2000');
      const told = lines(incident, file);
      expect([...told.keys()].sort()).toEqual([most, second, third].sort());
      expect(first(incident)).toMatchObject({ certainty: 'exact', frames: [{ file }] });
      expect([...told][0]?.[0]).toBe(most);
      // Some of the first ones are made before its code is known.
      expect([...told.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(80);
      expect(incident.coverage.stops).toBe(0);
    });
  });
}
