import { closeSync, readSync } from 'node:fs';
import type { MapLine } from '../../procfs/maps.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { type Beneath, type Held, holdForeign, holdKernelLink, openHeldFile, release } from '../../sys/foreignPath.ts';
import { type ByteSource, type Elf, parseElf } from '../elf/elf.ts';
import { type GoTable, readGoTable } from '../elf/goTable.ts';
import { NO_LIMITS, type ReadLimits } from '../elf/readLimits.ts';
import { readSymbols, type SymbolTable } from '../elf/symbols.ts';

const FILE = { kind: 'file' } as const;

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
      const source = openFile(root, pid, map, { calls: this.#calls, fds: this.#fds, limits: this.#limits });
      this.#known.set(key, source === undefined ? undefined : elfFile(source));
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

/** `undefined` for bytes that are no ELF file. */
export function elfFile(source: ByteSource): ElfFile | undefined {
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

/**
 * The ways to a mapped file: its path below the root of the process, and the kernel's own links to what is mapped. By now
 * anything may lie at that path, so it is held and looked at before it is opened.
 */
function openFile(
  root: KernelRoot,
  pid: number,
  map: MapLine,
  { calls, fds, limits }: { readonly calls: Beneath | undefined; readonly fds: number[]; readonly limits: ReadLimits },
): ByteSource | undefined {
  if (map.inode === 0) return undefined;
  const range = `${map.start.toString(16)}-${map.end.toString(16)}`;
  const ways: readonly (() => Held)[] = [
    () => holdForeign(root.proc(pid, 'root'), map.path, FILE, calls),
    () => holdKernelLink(root.proc(pid, 'exe'), FILE),
    () => holdKernelLink(root.proc(pid, 'map_files', range), FILE),
  ];
  for (const way of ways) {
    let held: Held | undefined;
    try {
      held = way();
      if (held.stat.ino !== map.inode) continue;
      const fd = openHeldFile(held);
      fds.push(fd);
      return fileSource(fd, held.stat.size, limits);
    } catch {
      // It was deleted, is no file, or lies in a mount namespace that is not ours to enter: the next way.
    } finally {
      release(held);
    }
  }
  return undefined;
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
