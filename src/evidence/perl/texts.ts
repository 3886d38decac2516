import { readWord } from '../creators/trace/record.ts';
import type { Memory } from '../native/processMemory.ts';
import { readWhole } from '../native/readWhole.ts';
import { CODE, CODE_FLAGS, GLOB, STASH_NAME, TEXT, VALUE } from './layout.ts';

const MOST_NAME = 512;
const MOST_PATH = 1024;
const PAGE = 4096;
/** A name of Perl, with its packages. */
const NAME = /^[\p{L}\p{N}_]+((::|')[\p{L}\p{N}_]+)*$/u;

/** `Package::sub` of the body of a code value; `undefined` if it has no such name. */
export function subName(memory: Pick<Memory, 'read'>, body: Buffer): string | undefined {
  const at = readWord(body, CODE.name);
  if ((body.readUInt32LE(CODE.flags) & CODE_FLAGS.isNamed) !== 0) {
    return joined(packageName(memory, readWord(body, CODE.stash)), nameAt(memory, at));
  }
  const glob = wordAt(memory, at + VALUE.body);
  if (glob === undefined) return undefined;
  const stash = wordAt(memory, glob + GLOB.stash) ?? 0;
  return joined(packageName(memory, stash), nameAt(memory, wordAt(memory, glob + GLOB.name) ?? 0));
}

/** The path that a statement names as its file: it ends with a zero byte. */
export function pathAt(memory: Pick<Memory, 'read'>, address: number): string | undefined {
  if (address < PAGE) return undefined;
  // The page behind it may not be mapped.
  const bytes = memory.read(address, MOST_PATH);
  const end = bytes?.indexOf(0) ?? -1;
  return bytes === undefined || end <= 0 ? undefined : bytes.toString('utf8', 0, end);
}

function joined(stash: string | undefined, name: string | undefined): string | undefined {
  return stash === undefined || name === undefined ? undefined : `${stash}::${name}`;
}

function packageName(memory: Pick<Memory, 'read'>, stash: number): string | undefined {
  const body = wordAt(memory, stash + VALUE.body);
  const name = body === undefined ? undefined : wordAt(memory, body + STASH_NAME);
  if (name === undefined) return undefined;
  // A package that was given another name has a list of them.
  return nameAt(memory, name) ?? nameAt(memory, wordAt(memory, name) ?? 0);
}

function nameAt(memory: Pick<Memory, 'read'>, address: number): string | undefined {
  const head = readWhole(memory, address, TEXT.start);
  const length = head?.readInt32LE(TEXT.length) ?? 0;
  if (length <= 0 || length > MOST_NAME) return undefined;
  const bytes = memory.read(address + TEXT.start, length);
  const text = bytes?.length === length ? bytes.toString('utf8') : '';
  return NAME.test(text) ? text : undefined;
}

/** A pointer; `undefined` where nothing is mapped. */
export function wordAt(memory: Pick<Memory, 'read'>, address: number): number | undefined {
  const bytes = readWhole(memory, address, 8);
  return bytes === undefined ? undefined : readWord(bytes, 0);
}
