import { readWord, type TaskRecord } from '../trace/record.ts';

const MOST_WORDS = 256;
const MOST_BYTES = 2048;
/** The first entry of the auxiliary vector on x86 (include/uapi/linux/auxvec.h). */
const AT_SYSINFO_EHDR = 33;

/**
 * The words of a command out of the copy of its stack: a small program has so little on it that the copy reaches up to where the
 * kernel put them (`argc`, the pointers, 0; the words one behind the other: create_elf_tables in fs/binfmt_elf.c). So they are known
 * of one that has ended. `undefined` if they are not in the copy, or anything is not as the kernel leaves it.
 */
export function wordsOnStack({
  stack,
  stackStart,
}: Pick<TaskRecord, 'stack' | 'stackStart'>): readonly string[] | undefined {
  for (let at = 0; at + 24 <= stack.length; at += 8) {
    const argc = readWord(stack, at);
    if (argc < 1 || argc > MOST_WORDS || at + 8 * (argc + 2) > stack.length) continue;
    if (readWord(stack, at + 8 * (argc + 1)) !== 0) continue;
    const words = wordsAt(stack, stackStart, at + 8, argc);
    if (words !== undefined) return words;
  }
  return undefined;
}

function wordsAt(stack: Buffer, stackStart: number, pointers: number, argc: number): readonly string[] | undefined {
  const words: string[] = [];
  let expected = readWord(stack, pointers) - stackStart;
  for (let index = 0; index < argc; index += 1) {
    const start = readWord(stack, pointers + 8 * index) - stackStart;
    // Each word begins right behind the one before it, above the pointers.
    if (start !== expected || start < pointers) return undefined;
    const end = stack.indexOf(0, start);
    if (end < 0 || end - start > MOST_BYTES) return undefined;
    words.push(stack.toString('utf8', start, end));
    expected = end + 1;
  }
  // The environment comes next: its pointers behind the 0, its text behind the last word. Without one the auxiliary vector begins.
  const behind = pointers + 8 * (argc + 1);
  if (behind + 16 > stack.length) return undefined;
  const next = readWord(stack, behind);
  const isEnd = next === 0 ? readWord(stack, behind + 8) === AT_SYSINFO_EHDR : next - stackStart === expected;
  return isEnd && words[0] !== '' ? words : undefined;
}
