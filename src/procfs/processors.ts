import { readText } from './read.ts';
import type { KernelRoot } from './root.ts';

/** The processors that are in use now, by their numbers. `[0]` where that cannot be read. */
export function onlineProcessors(root: KernelRoot): readonly number[] {
  const found = parseProcessors(readText(root.at('/sys/devices/system/cpu/online')) ?? '');
  return found.length === 0 ? [0] : found;
}

/** `0-3,5` and a newline, as the kernel writes a list of processors. Empty if it is none. */
export function parseProcessors(text: string): readonly number[] {
  const numbers: number[] = [];
  for (const part of text.trim().split(',')) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part);
    if (match === null) return [];
    const first = Number(match[1]);
    for (let cpu = first; cpu <= Number(match[2] ?? first); cpu += 1) numbers.push(cpu);
  }
  return numbers;
}
