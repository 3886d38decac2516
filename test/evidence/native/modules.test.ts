import { expect, it } from 'vitest';
import { type Mapped, mapOf, modulesFrom } from '../builders/program.ts';
import { v8File } from '../builders/v8File.ts';

const BASE = 0x7f00_0000_0000;

it('takes new maps of code: a compiler makes some while its process runs', () => {
  const node = v8File();
  const modules = modulesFrom([node]);
  const made: Mapped = { path: '', base: BASE, image: Buffer.alloc(0) };
  expect(modules.mapAt(BASE + 0x1000)).toBeUndefined();
  modules.update([mapOf(made), mapOf(node)]);
  expect(modules.mapAt(BASE + 0x1000)?.path).toBe('');
  expect(modules.mapAt(node.base + 0x1000)?.path).toBe(node.path);
  modules.update([mapOf(made)]);
  expect(modules.paths()).toEqual([]);
});
