import type { MapLine } from '../../procfs/maps.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { addressOf, type ByteSource } from '../elf/elf.ts';
import { type ElfFile, type ElfFiles, elfFile } from './elfFiles.ts';
import type { Memory } from './processMemory.ts';

/** An ELF file that a process has mapped as code. */
export interface Module extends ElfFile {
  /** As the process names it. */
  readonly path: string;
  /** What must be added to an address of the file for one of the process. */
  readonly bias: number;
}

/** The code that a process has mapped, and the ELF files behind it. They are opened when they are first met. */
export interface Modules {
  /** The map of code that an address is in. */
  mapAt(address: number): MapLine | undefined;
  /** The file behind the code at an address; `undefined` for code that was made at run time. */
  moduleAt(address: number): Module | undefined;
  /** The first file whose path `isWanted`. No other is opened. */
  find(isWanted: (path: string) => boolean): Module | undefined;
  /** Every file that code is mapped from. */
  all(): readonly Module[];
  /** The paths of these files; none of them is opened. */
  paths(): readonly string[];
}

const VDSO = '[vdso]';
const DELETED = / \(deleted\)$/;

/**
 * `maps` are those of code. Files are opened in the mount namespace of the process, and only if they are still the ones
 * that are mapped.
 */
export function openModules(
  root: KernelRoot,
  pid: number,
  maps: readonly MapLine[],
  memory: Memory,
  files: ElfFiles,
): Modules {
  return modulesOf(maps, (map) =>
    map.path === VDSO ? elfFile(memorySource(map, memory)) : files.open(root, pid, map),
  );
}

/** The same, if `open` opens the file of a map. */
export function modulesOf(maps: readonly MapLine[], open: (map: MapLine) => ElfFile | undefined): Modules {
  const sorted = [...maps].sort((a, b) => a.start - b.start);
  const known = new Map<MapLine, Module | undefined>();
  const moduleOf = (map: MapLine): Module | undefined => {
    if (!known.has(map)) known.set(map, toModule(map, open(map)));
    return known.get(map);
  };
  return {
    mapAt: (address) => mapAt(sorted, address),
    moduleAt: (address) => {
      const map = mapAt(sorted, address);
      return map === undefined || map.path === '' ? undefined : moduleOf(map);
    },
    find: (isWanted) => {
      const map = sorted.find(({ path }) => isWanted(path.replace(DELETED, '')));
      return map === undefined ? undefined : moduleOf(map);
    },
    paths: () => [...new Set(sorted.map(({ path }) => path.replace(DELETED, '')).filter((path) => path !== ''))],
    all: () =>
      sorted
        .filter(({ path }) => path !== '')
        .map(moduleOf)
        .filter((one) => one !== undefined),
  };
}

function toModule(map: MapLine, file: ElfFile | undefined): Module | undefined {
  if (file === undefined) return undefined;
  // The image of the vdso is linked to 0.
  const address = map.path === VDSO ? 0 : (addressOf(file.elf, map.offset) ?? 0);
  return { ...file, path: map.path.replace(DELETED, ''), bias: map.start - address };
}

/** The map that holds an address; they are sorted and do not overlap. */
function mapAt(sorted: readonly MapLine[], address: number): MapLine | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as MapLine).end <= address) low = middle + 1;
    else high = middle;
  }
  const map = sorted[low];
  return map !== undefined && address >= map.start ? map : undefined;
}

/** The vdso has no file: its image is what is mapped. */
function memorySource(map: MapLine, memory: Memory): ByteSource {
  return {
    read: (offset, length) => {
      const within = Math.min(length, map.end - map.start - offset);
      return within > 0 ? memory.read(map.start + offset, within) : undefined;
    },
  };
}
