import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { type CommandFacts, factsOf } from '../../src/cli/commandFacts.ts';
import { allCommands } from '../../src/cli/commands.ts';
import { withFlagTables } from '../../src/cli/flagTables.ts';
import { manualPage } from '../../src/cli/manual.ts';

const shipped = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

let commands: CommandFacts[];
beforeAll(async () => {
  commands = (await allCommands()).map((command) => factsOf(command));
});

// When one of these fails: npm run docs.
it('the manual page that is shipped is the one of the code', () => {
  const { version } = JSON.parse(shipped('package.json')) as { version: string };
  expect(shipped('docs/threadguard.1')).toBe(manualPage(commands, version));
});
it('the tables of docs/run.md are those of the code', () => {
  const run = commands.find(({ name }) => name === 'run');
  expect(shipped('docs/run.md')).toBe(withFlagTables(shipped('docs/run.md'), run?.options ?? []));
});

/** Flags in the pages that belong to other programs: an example's server, strace, Node. */
const OTHERS = ['--help', '--port', '--seccomp-bpf', '--report-on-signal'];

it.for([
  'README.md',
  'docs/run.md',
  'docs/drill.md',
  'docs/service.md',
  'docs/systemd.md',
  'docs/evidence.md',
  'docs/canary.md',
  'docs/limits.md',
])('%s names only flags that there are', (page) => {
  const all = commands.flatMap((command) => [command, ...command.commands]);
  const known = all.flatMap(({ options }) => options.map(({ long }) => long));
  const named = [...shipped(page).matchAll(/(?<=[`(| ])--[a-z][a-z-]*/g)].map(([flag]) => flag);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((flag) => !known.includes(flag) && !OTHERS.includes(flag))).toEqual([]);
});
