import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Whom each folder may import, besides itself. What is not listed is not allowed. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  core: [],
  policy: ['core'],
  config: ['core', 'policy', '.'],
  procfs: [],
  sys: [],
  cgroup: ['procfs', 'sys', '.'],
  ceilings: ['core', 'procfs', 'cgroup'],
  limits: ['core', 'procfs', 'cgroup', 'ceilings', '.'],
  explain: ['core', 'policy', 'procfs', 'cgroup', 'ceilings', 'sys', 'guard', 'limits', '.'],
  canary: ['core', 'procfs', 'guard', 'limits', '.'],
  doctor: ['core', 'policy', 'procfs', 'cgroup', 'ceilings', 'sys', 'guard', 'explain', '.'],
  evidence: ['core', 'procfs', 'sys', '.'],
  reporters: ['core', 'policy'],
  service: ['core', 'policy', 'sys', 'reporters', '.'],
  guard: ['core', 'policy', 'procfs', 'cgroup', 'ceilings', 'sys', 'reporters', 'evidence', '.'],
  cli: [
    'core',
    'policy',
    'config',
    'procfs',
    'cgroup',
    'ceilings',
    'sys',
    'reporters',
    'evidence',
    'guard',
    'service',
    'limits',
    'explain',
    'doctor',
    'canary',
    '.',
  ],
  '.': ['core', 'ceilings'],
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
