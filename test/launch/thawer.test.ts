import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openThawer } from '../../src/launch/thawer.ts';
import { makeTree } from '../fixtures/tree.ts';

let tree: ReturnType<typeof makeTree>;
beforeEach(() => {
  tree = makeTree({ freeze: '1\n' });
});
afterEach(() => tree.remove());

it('closed, it thaws nothing, and no process of it is left', async () => {
  const own = new Set<number>();
  const file = join(tree.dir, 'freeze');
  const thawer = openThawer(file, '0', own);
  expect([...own]).toEqual([thawer?.pid]);
  await thawer?.close();
  expect([existsSync(`/proc/${thawer?.pid}`), own.size, readFileSync(file, 'utf8')]).toEqual([false, 0, '1\n']);
  // Once more is no harm.
  await thawer?.close();
});
