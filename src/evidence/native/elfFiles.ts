import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { MapLine } from '../../procfs/maps.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { type ByteSource, type Elf, parseElf } from '../elf/elf.ts';
import { type GoTable, readGoTable } from '../elf/goTable.ts';
import { readSymbols, type SymbolTable } from '../elf/symbols.ts';

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

  /** The file of a map; `undefined` if it cannot be opened any more, or is no ELF file. */
  open(root: KernelRoot, pid: number, map: MapLine): ElfFile | undefined {
    // One path may be another file in another mount namespace, so it is the inode that counts.
    const key = `${map.device}:${map.inode}`;
    if (!this.#known.has(key)) {
      const source = openFile(root, pid, map, this.#fds);
      this.#known.set(key, source === undefined ? undefined : elfFile(source));
    }
    return this.#known.get(key);
  }

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

/** The ways to a mapped file: its path below the root of the process, and the kernel's own links to what is mapped. */
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
      // It was deleted, or lies in a mount namespace that is not ours to enter: the next way.
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
