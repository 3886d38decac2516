// npm run bench [ROW…]: every number the README and docs/bench.md state, with the machine they were measured on.
// Each misbehaving program runs in a pids cgroup of its own, capped at 6,000 tasks, for bounded time.
import { execFileSync } from 'node:child_process';
import { cpus, release } from 'node:os';
import { rows } from './rows.mjs';

const only = process.argv.slice(2);
console.log(
  `kernel ${release()}, node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? '?'}), ${new Date().toISOString().slice(0, 10)}`,
);
execFileSync(
  'npx',
  ['vitest', 'run', '--project', 'e2e', '-t', 'nothing at all: only compiles the programs', '--passWithNoTests'],
  { stdio: 'ignore' },
);
for (const [name, row] of Object.entries(rows)) {
  if (only.length > 0 && !only.some((word) => name.includes(word))) continue;
  const startMs = performance.now();
  try {
    console.log(`\n${name}\n  ${(await row()).join('\n  ')}`);
  } catch (error) {
    console.log(`\n${name}\n  NOT MEASURED: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
  console.log(`  (${((performance.now() - startMs) / 1000).toFixed(0)} s)`);
}
