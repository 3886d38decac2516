import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Whom each folder may import, besides itself. What is not listed is not allowed. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  core: [],
  policy: ['core'],
  schemas: ['core', 'policy'],
  documents: ['core', 'policy', 'schemas', 'reporters'],
  flags: ['core', 'policy', 'reporters', 'session'],
  config: ['core', 'policy', 'flags', 'schemas', 'sys', '.'],
  procfs: ['core'],
  sys: ['core', '.'],
  cgroup: ['core', 'procfs', 'sys', '.'],
  ceilings: ['core', 'procfs', 'cgroup', 'sys'],
  limits: ['core', 'procfs', 'cgroup', 'ceilings', 'schemas', '.'],
  launch: ['core', 'procfs', 'sys', '.'],
  evidence: ['core', 'procfs', 'sys', '.'],
  targets: ['core', 'policy', 'procfs', 'cgroup', 'ceilings', 'sys', 'launch', '.'],
  reporters: ['core', 'policy', 'schemas'],
  engine: ['core', 'policy', 'procfs', 'ceilings', 'sys', 'targets', 'reporters', '.'],
  service: ['core', 'policy', 'sys', 'reporters', '.'],
  explain: ['core', 'policy', 'procfs', 'cgroup', 'ceilings', 'sys', 'launch', 'targets', 'limits', '.'],
  canary: ['core', 'procfs', 'cgroup', 'sys', 'launch', 'targets', 'limits', 'schemas', 'reporters', 'service', '.'],
  doctor: [
    'core',
    'policy',
    'procfs',
    'cgroup',
    'ceilings',
    'sys',
    'launch',
    'targets',
    'evidence',
    'explain',
    'schemas',
    '.',
  ],
  drill: [
    'core',
    'policy',
    'procfs',
    'cgroup',
    'ceilings',
    'sys',
    'launch',
    'targets',
    'limits',
    'evidence',
    'schemas',
    '.',
  ],
  session: [
    'ceilings',
    'cgroup',
    'core',
    'policy',
    'procfs',
    'sys',
    'launch',
    'targets',
    'engine',
    'evidence',
    'reporters',
    'service',
    '.',
  ],
  cli: [
    'core',
    'policy',
    'config',
    'flags',
    'procfs',
    'cgroup',
    'sys',
    'reporters',
    'evidence',
    'launch',
    'service',
    'session',
    'limits',
    'explain',
    'doctor',
    'drill',
    'canary',
    '.',
  ],
  '.': ['core'],
};

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

it('imports point one way', () => {
  const wrong: string[] = [];
  for (const file of files) {
    const from = dirname(file).split('/')[0] as string;
    for (const [, target] of readFileSync(join(src, file), 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      const to = relative(src, resolve(src, dirname(file), target as string)).split('/');
      const folder = to.length === 1 ? '.' : (to[0] as string);
      if (folder !== from && !MAY[from]?.includes(folder)) wrong.push(`${file} → ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

it('the core and the policy touch neither Node nor a clock', () => {
  for (const file of files.filter((name) => /^(core|policy)\//.test(name))) {
    expect(readFileSync(join(src, file), 'utf8'), file).not.toMatch(
      /'node:|Date\.now|performance\.now|new Date|process\./,
    );
  }
});

it('the start of run loads neither a schema nor YAML nor metrics: they take longer than the guard itself', () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, target] of readFileSync(join(src, file), 'utf8').matchAll(
      /^(?:import|export) (?!type )[^;]*?from '([^']+)'/gms,
    )) {
      if (target?.startsWith('.')) visit(relative(src, resolve(src, dirname(file), target)));
      else packages.add(target as string);
    }
  };
  for (const file of ['cli/main.ts', 'cli/runCommand.ts', 'session/run.ts']) visit(file);
  expect(seen.size).toBeGreaterThan(50);
  expect([...packages].filter((name) => ['zod', 'yaml', 'prom-client', 'uplot'].includes(name))).toEqual([]);
  expect([...seen].filter((file) => /^(schemas|canary|explain|doctor)\//.test(file))).toEqual([]);
});

/**
 * Calls that open, write or remove by a path. What a target names goes through `sys/foreignPath.ts`, what the guard writes through
 * `sys/ownDir.ts`, and files of the kernel through `procfs` and `cgroup`: there a path cannot be bent by somebody else.
 */
const BY_PATH = new Set(
  'appendFile copyFile createReadStream createWriteStream link mkdir mkdtemp open opendir readFile readdir rename rm rmdir symlink truncate unlink writeFile'
    .split(' ')
    .flatMap((name) => [name, `${name}Sync`]),
);
/** Who else may, and why. */
const MAY_BY_PATH: Readonly<Record<string, string>> = {
  'canary/record.ts': 'O_EXCL: a new file of the operator, written by its descriptor',
  'cli/drillBombCommand.ts': '/proc/self',
  'cli/unitSearch.ts': 'unit files, which root owns',
  'drill/drill.ts': 'a directory of its own, made by mkdtemp',
  'evidence/demangle.ts': 'a file of its own package',
  'evidence/incidentDir.ts': 'hands the calls to incidentFiles.ts',
  'evidence/jfr/threadStartRecording.ts': 'a directory of the incident, which is its own',
  'evidence/keep.ts': 'only inside of a directory that is held',
  'evidence/native/processMemory.ts': '/proc/PID/mem',
  'explain/logs.ts': 'a file that the operator named; it is never waited for',
  'explain/trace/strace.ts': 'a directory of its own, made by mkdtemp',
  'explain/trace/tracefs.ts': 'files of the kernel',
  'limits/findUnit.ts': 'cgroups',
  'service/metricsFile.ts': 'only inside of a directory that is held',
  'session/incidentReport.ts': 'files of its own packages',
  'session/sidecar.ts': '/proc/self',
  'targets/cgroupBirth.ts': 'cgroups',
  'targets/escapes.ts': 'cgroups',
};

it('files are opened, written and removed by path in few places, each with its reason', () => {
  const found = files.filter((file) => {
    if (/^(?:sys|procfs|cgroup)\//.test(file)) return false;
    const text = readFileSync(join(src, file), 'utf8');
    return [...text.matchAll(/^import (?!type )([^;]*?) from 'node:fs(?:\/promises)?'/gms)].some(
      ([, names]) =>
        !(names as string).startsWith('{') || (names as string).split(/[{},\s]+/).some((name) => BY_PATH.has(name)),
    );
  });
  expect(found.sort()).toEqual(Object.keys(MAY_BY_PATH));
});
