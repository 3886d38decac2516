import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { MapLine } from '../../procfs/maps.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { addressOf, type ByteSource, type Elf, parseElf } from '../elf/elf.ts';
import { type GoTable, readGoTable } from '../elf/goTable.ts';
import { readSymbols, type SymbolTable } from '../elf/symbols.ts';
import type { Memory } from './processMemory.ts';

/** An ELF file that a process has mapped. */
export interface Module {
  /** As the process names it. */
  readonly path: string;
  readonly elf: Elf;
  /** What must be added to an address of the file for one of the process. */
  readonly bias: number;
  readonly symbols: () => SymbolTable;
  readonly go: () => GoTable | undefined;
}

/** ELF files that several processes have mapped, read once: a tree of shells is one shell many times. */
export class ElfFiles {
  readonly #known = new Map<string, OpenElf | undefined>();
  readonly #fds: number[] = [];

  /** The file of a map; `undefined` when it cannot be opened any more or is no ELF file. */
  open(root: KernelRoot, pid: number, map: MapLine): OpenElf | undefined {
    // A path in another mount namespace may be another file, so it is the inode that counts.
    const key = `${map.device}:${map.inode}`;
    if (!this.#known.has(key)) {
      const source = openFile(root, pid, map, this.#fds);
      this.#known.set(key, source === undefined ? undefined : openElf(source));
    }
    return this.#known.get(key);
  }

  close(): void {
    for (const fd of this.#fds.splice(0)) closeSync(fd);
    this.#known.clear();
  }
}

interface OpenElf {
  readonly elf: Elf;
  readonly symbols: () => SymbolTable;
  /** Of a Go program. */
  readonly go: () => GoTable | undefined;
}

function openElf(source: ByteSource): OpenElf | undefined {
  const elf = parseElf(source);
  if ('error' in elf) return undefined;
  let symbols: SymbolTable | undefined;
  let go: { readonly table: GoTable | undefined } | undefined;
  return {
    elf,
    go: () => {
      go ??= { table: readGoTable(elf) };
      return go.table;
    },
    symbols: () => {
      symbols ??= readSymbols(elf);
      return symbols;
    },
  };
}

/** The code that a process has mapped, and the ELF files behind it, opened when they are first met. */
export interface Modules {
  /** The map of code that an address is in. */
  mapAt(address: number): MapLine | undefined;
  /** The module of code at an address. */
  moduleAt(address: number): Module | undefined;
  /** Every file that code is mapped from. */
  all(): readonly Module[];
}

/** `maps` are those of code. Files are opened in the process's own mount namespace, and only when they are still the ones that are mapped. */
export function openModules(
  root: KernelRoot,
  pid: number,
  maps: readonly MapLine[],
  memory: Memory,
  files: ElfFiles,
): Modules {
  const sorted = [...maps].sort((a, b) => a.start - b.start);
  const modules = new Map<MapLine, Module | undefined>();
  const mapAt = (address: number): MapLine | undefined => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as MapLine).end <= address) low = middle + 1;
      else high = middle;
    }
    const map = sorted[low];
    return map !== undefined && address >= map.start ? map : undefined;
  };
  const open = (map: MapLine): Module | undefined => {
    const isVdso = map.path === '[vdso]';
    const file = isVdso ? openElf(memorySource(map, memory)) : files.open(root, pid, map);
    if (file === undefined) return undefined;
    const address = isVdso ? 0 : (addressOf(file.elf, map.offset) ?? 0);
    return { ...file, path: map.path.replace(/ \(deleted\)$/, ''), bias: map.start - address };
  };
  const moduleOf = (map: MapLine): Module | undefined => {
    if (!modules.has(map)) modules.set(map, open(map));
    return modules.get(map);
  };
  return {
    mapAt,
    moduleAt: (address) => {
      const map = mapAt(address);
      return map === undefined || map.path === '' ? undefined : moduleOf(map);
    },
    all: () =>
      sorted
        .filter(({ path }) => path !== '')
        .map(moduleOf)
        .filter((one) => one !== undefined),
  };
}

/** The ways to a mapped file: its path inside the process's root, and the kernel's own links to what is mapped. */
function openFile(root: KernelRoot, pid: number, map: MapLine, fds: number[]): ByteSource | undefined {
  if (map.inode === 0) return undefined;
  const range = `${map.start.toString(16)}-${map.end.toString(16)}`;
  const ways = [root.proc(pid, 'root') + map.path, root.proc(pid, 'exe'), root.proc(pid, 'map_files', range)];
  for (const way of ways) {
    let fd: number | undefined;
    try {
      fd = openSync(way, 'r');
      const { ino, size } = fstatSync(fd);
      if (ino === map.inode) {
        fds.push(fd);
        return fileSource(fd, size);
      }
    } catch {
      // Deleted, or another mount namespace that is not ours to enter: the next way.
    }
    if (fd !== undefined) closeSync(fd);
  }
  return undefined;
}

function fileSource(fd: number, size: number): ByteSource {
  return {
    read: (offset, length) => {
      const within = Math.min(length, size - offset);
      if (!(within > 0) || !Number.isSafeInteger(offset)) return undefined;
      const bytes = Buffer.allocUnsafe(within);
      try {
        return bytes.subarray(0, readSync(fd, bytes, 0, within, offset));
      } catch {
        return undefined;
      }
    },
  };
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
