import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const page = readFileSync(new URL('../SECURITY.md', import.meta.url), 'utf8');

it('each claim names tests that there are', () => {
  const rows = page.slice(page.indexOf('## Claims'), page.indexOf('## What is not claimed')).split('\n').slice(4, -1);
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows.filter((line) => line.startsWith('| ') && !line.startsWith('| claim'))) {
    const tests = [...row.matchAll(/`(test\/[\w/.-]+)`/g)].map(([, path]) => path as string);
    expect(tests, row).not.toEqual([]);
    for (const path of tests) expect(existsSync(new URL(`../${path}`, import.meta.url)), path).toBe(true);
  }
});
