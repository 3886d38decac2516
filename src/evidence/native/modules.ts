import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { MapLine } from '../../procfs/maps.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { addressOf, type ByteSource, type Elf, parseElf } from '../elf/elf.ts';
import { readSymbols, type SymbolTable } from '../elf/symbols.ts';
import type { Memory } from './memory.ts';

/** An ELF file that a process has mapped. */
export interface Module {
  /** As the process names it. */
  readonly path: string;
  readonly elf: Elf;
  /** What must be added to an address of the file for one of the process. */
  readonly bias: number;
  readonly symbols: () => SymbolTable;
}

/** The code that a process has mapped, and the ELF files behind it, opened when they are first met. */
export interface Modules {
  /** The map of code that an address is in. */
  mapAt(address: number): MapLine | undefined;
  /** The module of code at an address. */
  moduleAt(address: number): Module | undefined;
  /** Every file that code is mapped from. */
  all(): readonly Module[];
  close(): void;
}

/** `maps` are those of code. Files are opened in the process's own mount namespace, and only when they are still the ones that are mapped. */
export function openModules(root: KernelRoot, pid: number, maps: readonly MapLine[], memory: Memory): Modules {
  const sorted = [...maps].sort((a, b) => a.start - b.start);
  const modules = new Map<string, Module | undefined>();
  const fds: number[] = [];
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
    const source = map.path === '[vdso]' ? memorySource(map, memory) : openFile(root, pid, map, fds);
    const elf = source === undefined ? undefined : parseElf(source);
    if (elf === undefined || 'error' in elf) return undefined;
    const address = addressOf(elf, map.offset) ?? 0;
    let symbols: SymbolTable | undefined;
    return {
      path: map.path.replace(/ \(deleted\)$/, ''),
      elf,
      bias: map.path === '[vdso]' ? map.start : map.start - address,
      symbols: () => {
        symbols ??= readSymbols(elf);
        return symbols;
      },
    };
  };
  const moduleOf = (map: MapLine): Module | undefined => {
    // One file may be mapped twice at different places (a library in two namespaces of dlmopen(3)).
    const key = `${map.path}:${map.inode}:${map.start - map.offset}`;
    if (!modules.has(key)) modules.set(key, open(map));
    return modules.get(key);
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
    close: () => {
      for (const fd of fds) closeSync(fd);
    },
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
