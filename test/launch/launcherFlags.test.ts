import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const textOf = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The flags of each Node that the launcher becomes, and of the one that writes the code cache. */
function flags(): string[] {
  const launched = [...textOf('bin/threadguard').matchAll(/exec node (?:\$jit )?((?:--\S+ )+)/g)].map(([, words]) =>
    words?.trim(),
  );
  const [, list = ''] = /\[\s*((?:'--[^']+',\s*)+)out\('threadguard\.cjs'\)/.exec(textOf('scripts/bundle.mjs')) ?? [];
  const cached = [...list.matchAll(/'([^']+)'/g)].map(([, word]) => word).join(' ');
  return [...launched, cached] as string[];
}

it('V8 takes no code cache that was made under other flags', () => {
  const all = flags();
  expect(all).toHaveLength(3);
  expect(new Set(all).size, all.join('\n')).toBe(1);
});

it('without threads of its own V8 collects garbage without them: else it waits for them on the loop for ever', () => {
  expect(flags()[0]).toBe('--v8-pool-size=0 --single-threaded-gc');
});
