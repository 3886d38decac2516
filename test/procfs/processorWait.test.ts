import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ProcessorWait } from '../../src/procfs/processorWait.ts';
import { kernelRoot } from '../../src/procfs/root.ts';

/** A kernel that says in `schedstat` that so much was waited; `undefined`: it has no such file. */
function scene(first: string | undefined) {
  const dir = mkdtempSync(join(tmpdir(), 'wait-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const root = kernelRoot(dir);
  const say = (text: string): void => writeFileSync(root.proc('self', 'schedstat'), text);
  mkdirSync(root.proc('self'), { recursive: true });
  if (first !== undefined) say(first);
  return { wait: new ProcessorWait(root), say };
}

it('fifty milliseconds without a processor are long', () => {
  const { say, wait } = scene('900000000 1000000 5');
  say('950000000 50000000 6');
  expect(wait.isStarved).toBe(false);
  say('950000000 51000000 7');
  expect(wait.isStarved).toBe(true);
});

it('what was waited before a mark does not count', () => {
  const { say, wait } = scene('900000000 1000000 5');
  say('950000000 90000000 6');
  wait.mark();
  expect(wait.isStarved).toBe(false);
});

it.each([undefined, '', 'nonsense'])('%j says nothing', (text) => {
  expect(scene(text).wait.isStarved).toBeUndefined();
});

it('of this process the kernel says it', () => {
  expect(new ProcessorWait(kernelRoot()).isStarved).toBeTypeOf('boolean');
});
