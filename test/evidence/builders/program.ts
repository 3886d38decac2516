import { elfFile } from '../../../src/evidence/native/elfFiles.ts';
import { type Modules, modulesOf } from '../../../src/evidence/native/modules.ts';
import { type NativeProcess, nativeProcess } from '../../../src/evidence/native/nativeProcess.ts';
import type { MapLine } from '../../../src/procfs/maps.ts';
import { sourceOf } from './elfImage.ts';
import type { FakeMemory } from './fakeMemory.ts';

/** A file of a made-up process: its code is mapped at `base` + 0x1000, from 0x1000 of the file. */
export interface Mapped {
  readonly path: string;
  readonly image: Buffer;
  readonly base: number;
}

export const mapOf = ({ base, path }: Mapped): MapLine => ({
  start: base + 0x1000,
  end: base + 0x2000,
  perms: 'r-xp',
  offset: 0x1000,
  device: '8:1',
  inode: 1,
  path,
});

export function modulesFrom(files: readonly Mapped[]): Modules {
  const maps = files.map(mapOf);
  return modulesOf(maps, (map) => {
    const image = files[maps.indexOf(map)]?.image;
    return image === undefined || image.length === 0 ? undefined : elfFile(sourceOf(image));
  });
}

/** A process of these files with this memory. */
export function processOf(files: readonly Mapped[], memory: FakeMemory): NativeProcess {
  return nativeProcess(memory.open(), modulesFrom(files));
}
