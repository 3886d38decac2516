import { closeSync, readSync } from 'node:fs';
import type { MapLine } from '../../procfs/maps.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { type Beneath, type Held, holdForeign, holdKernelLink, openHeldFile, release } from '../../sys/foreignPath.ts';
import { buildId, debugPaths } from '../elf/debugNames.ts';
import { type ByteSource, type Elf, parseElf } from '../elf/elf.ts';
import { type GoTable, readGoTable } from '../elf/goTable.ts';
import { NO_LIMITS, type ReadLimits } from '../elf/readLimits.ts';
import { hasAllSymbols, readSymbols, type SymbolTable } from '../elf/symbols.ts';

const FILE = { kind: 'file' } as const;
const DELETED = / \(deleted\)$/;

/** An ELF file with the tables that are read when they are first asked for. */
export interface ElfFile {
  readonly elf: Elf;
  readonly symbols: () => SymbolTable;
  /** The function table of a Go program; `undefined` for any other file. */
  readonly go: () => GoTable | undefined;
}

/** ELF files that several processes have mapped, each read once: a tree of shells is one shell many times. */
export class ElfFiles {
  readonly #known = new Map<string, ElfFile | undefined>();
  readonly #fds: number[] = [];
  readonly #calls: Beneath | undefined;
  readonly #limits: ReadLimits;

  /** `limits` are those of all files together. With `calls` a path is resolved in one call. */
  constructor(limits: ReadLimits = NO_LIMITS, calls?: Beneath) {
    this.#limits = limits;
    this.#calls = calls;
  }

  /** The file of a map; `undefined` if it cannot be opened any more, or is no ELF file. */
  open(root: KernelRoot, pid: number, map: MapLine): ElfFile | undefined {
    // One path may be another file in another mount namespace, so it is the inode that counts.
    const key = `${map.device}:${map.inode}`;
    if (!this.#known.has(key)) {
      if (this.#limits.isOver()) return undefined;
      const opening = { root, pid, calls: this.#calls, fds: this.#fds, limits: this.#limits };
      const source = openMapped(map, opening);
      const openNamed = (path: string): ByteSource | undefined => openWay(() => holdInRoot(path, opening), opening);
      const path = map.path.replace(DELETED, '');
      this.#known.set(
        key,
        source === undefined ? undefined : elfFile(source, (elf) => symbolFile(elf, path, openNamed)),
      );
    }
    return this.#known.get(key);
  }

  /** The time for all of them is up. */
  readonly isOver = (): boolean => this.#limits.isOver();

  close(): void {
    for (const fd of this.#fds.splice(0)) closeSync(fd);
    this.#known.clear();
  }
}

/** `undefined` for bytes that are no ELF file. `symbolsFrom` finds the file with the symbols of one that was stripped. */
export function elfFile(
  source: ByteSource,
  symbolsFrom: (elf: Elf) => Elf | undefined = () => undefined,
): ElfFile | undefined {
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
      symbols ??= readSymbols((hasAllSymbols(elf) ? undefined : symbolsFrom(elf)) ?? elf);
      return symbols;
    },
  };
}

/** The first file that was made of the same build and has symbols. */
function symbolFile(elf: Elf, path: string, open: (path: string) => ByteSource | undefined): Elf | undefined {
  for (const one of debugPaths(elf, path)) {
    const source = open(one);
    const found = source === undefined ? undefined : parseElf(source);
    if (found === undefined || 'error' in found) continue;
    if (hasAllSymbols(found) && buildId(found) === buildId(elf)) return found;
  }
  return undefined;
}

/** How files of a process are opened. */
interface Opening {
  readonly root: KernelRoot;
  readonly pid: number;
  readonly calls: Beneath | undefined;
  readonly fds: number[];
  readonly limits: ReadLimits;
}

/**
 * The ways to a mapped file: its path below the root of the process, and the kernel's own links to what is mapped. By now
 * anything may lie at that path, so it is held and looked at before it is opened.
 */
function openMapped(map: MapLine, opening: Opening): ByteSource | undefined {
  const { pid, root } = opening;
  if (map.inode === 0) return undefined;
  const range = `${map.start.toString(16)}-${map.end.toString(16)}`;
  const ways: readonly (() => Held)[] = [
    () => holdInRoot(map.path, opening),
    () => holdKernelLink(root.proc(pid, 'exe'), FILE),
    () => holdKernelLink(root.proc(pid, 'map_files', range), FILE),
  ];
  for (const way of ways) {
    const source = openWay(way, opening, map.inode);
    if (source !== undefined) return source;
  }
  return undefined;
}

function holdInRoot(path: string, { calls, pid, root }: Opening): Held {
  return holdForeign(root.proc(pid, 'root'), path, FILE, calls);
}

function openWay(way: () => Held, { fds, limits }: Opening, inode?: number): ByteSource | undefined {
  let held: Held | undefined;
  try {
    held = way();
    if (inode !== undefined && held.stat.ino !== inode) return undefined;
    const fd = openHeldFile(held);
    fds.push(fd);
    return fileSource(fd, held.stat.size, limits);
  } catch {
    // It was deleted, is no file, or lies in a mount namespace that is not ours to enter.
    return undefined;
  } finally {
    release(held);
  }
}

function fileSource(fd: number, size: number, limits: ReadLimits): ByteSource {
  return {
    limits,
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
