import { type MapLine, readMaps } from '../../procfs/maps.ts';
import type { MakerProcess } from '../creators/makers/frameReader.ts';
import { mayHoldLock } from '../memoryLock.ts';
import type { Work } from '../slicedWork.ts';
import { type CompiledCode, isIseq } from './compiledCode.ts';

const CHUNK = 64 << 10;
/** More is not searched at once: a server may keep its data in the heap of Ruby. */
const MOST_BYTES = 512 << 20;
/** Memory that no file is behind; a newer kernel has names for some of it. */
const OWN_MEMORY = /^$|^\[heap\]$|^\[anon/;
const HEAP = '[heap]';

/**
 * Searches the memory of a process for compiled code: the flags of its objects are known, and each that has them is looked at.
 * First where such objects were found before, last the largest maps.
 */
export function* sweepForCode({ native, pid, root }: MakerProcess, code: CompiledCode): Work {
  // Neither may wait for the lock of the memory.
  const maps = mayHoldLock(root, pid) ? undefined : readMaps(root, pid);
  if (maps === undefined) return;
  yield;
  let leftBytes = MOST_BYTES;
  for (const { end, start } of ordered(maps, code)) {
    for (let at = start; at < end && leftBytes > 0; at += CHUNK) {
      const bytes = native.memory.read(at, Math.min(CHUNK, end - at));
      leftBytes -= CHUNK;
      if (bytes !== undefined) lookAt(bytes, at, code);
      yield;
    }
  }
}

function ordered(maps: readonly MapLine[], code: CompiledCode): readonly MapLine[] {
  const known = [...code.addresses()];
  const rank = ({ end, path, start }: MapLine): number => {
    if (known.some((address) => address >= start && address < end)) return 0;
    return path === HEAP ? 1 : end - start;
  };
  return maps
    .filter(({ path, perms }) => perms === 'rw-p' && OWN_MEMORY.test(path))
    .map((map) => ({ map, rank: rank(map) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ map }) => map);
}

function lookAt(bytes: Buffer, start: number, code: CompiledCode): void {
  // A Buffer checks every number that it reads; here are 16,384 of them.
  const words = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~3)));
  for (let index = 0; index < words.length; index += 2) {
    if (isIseq(words[index] as number)) code.learn(start + index * 4);
  }
}
