import type { MemoryWindow } from '../../native/memoryWindow.ts';
import type { Memory } from '../../native/processMemory.ts';
import type { CodeHeaps } from './codeHeaps.ts';
import type { BlobAddress, BlobLayout, HotSpotLayout } from './layout.ts';

/** A piece of code that the JVM made. */
export interface CodeBlob {
  readonly kind: 'interpreter' | 'compiled' | 'native' | 'stub';
  readonly address: number;
  /** Its first instruction. */
  readonly code: number;
  /** Bytes of its frame; 0 if that has no fixed size. */
  readonly frameBytes: number;
  /** Of compiled code: its method, where it goes on once it is not valid any more, and where a frame keeps where it was. */
  readonly method: number;
  readonly deoptHandlers: readonly number[];
  readonly originalPcAt: number;
}

const KINDS: ReadonlyMap<string, CodeBlob['kind']> = new Map([
  ['Interpreter', 'interpreter'],
  ['nmethod', 'compiled'],
  ['native nmethod', 'native'],
]);
const MOST_NAME = 32;
const MOST_FRAME_BYTES = 1 << 20;
const MOST_KNOWN = 16_384;
const MOST_NAMES = 1024;
const WORD = 8;

interface Known {
  readonly address: number;
  /** What tells one blob from another at the same place. */
  readonly name: number;
  readonly id: number;
  readonly blob: CodeBlob;
}

/** The blobs of return addresses. Each is read once, as long as it is the same. */
export class CodeBlobs {
  readonly #memory: Memory;
  readonly #window: MemoryWindow;
  readonly #heaps: CodeHeaps;
  readonly #layout: BlobLayout;
  readonly #known = new Map<number, Known>();
  readonly #names = new Map<number, string>();

  constructor(memory: Memory, window: MemoryWindow, heaps: CodeHeaps, { blob }: HotSpotLayout) {
    this.#memory = memory;
    this.#window = window;
    this.#heaps = heaps;
    this.#layout = blob;
  }

  at(pc: number): CodeBlob | undefined {
    const known = this.#known.get(pc);
    if (known !== undefined && this.#isSame(known)) return known.blob;
    const address = this.#heaps.blobAt(pc);
    if (address === undefined) return undefined;
    const name = this.#window.readWord(address + this.#layout.name);
    const id = this.#window.readInt32(address + this.#layout.compileId);
    const blob = name === undefined ? undefined : this.#read(address, name);
    if (name === undefined || id === undefined || blob === undefined || pc < blob.code) return undefined;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(pc, { address, name, id, blob });
    return blob;
  }

  /** A process that has ended is not read any more. */
  #isSame({ address, blob, id, name }: Known): boolean {
    const now = this.#window.readWord(address + this.#layout.name);
    if (now === undefined) return true;
    const isCompiled = blob.kind === 'compiled' || blob.kind === 'native';
    return now === name && (!isCompiled || this.#window.readInt32(address + this.#layout.compileId) === id);
  }

  #read(address: number, nameAt: number): CodeBlob | undefined {
    const { code, deoptHandlers, frameSize, method, originalPc } = this.#layout;
    const window = this.#window;
    const kind = KINDS.get(this.#name(nameAt)) ?? 'stub';
    const isCompiled = kind === 'compiled' || kind === 'native';
    const begin = readAddress(window, address, code);
    const frameBytes = (window.readInt32(address + frameSize) ?? -1) * WORD;
    if (begin === undefined || begin < address || frameBytes > MOST_FRAME_BYTES) return undefined;
    return {
      kind,
      address,
      code: begin,
      frameBytes: Math.max(0, frameBytes),
      method: (isCompiled ? window.readWord(address + method) : undefined) ?? 0,
      deoptHandlers: isCompiled ? deoptHandlers.flatMap((one) => readAddress(window, address, one) ?? []) : [],
      originalPcAt: (isCompiled ? window.readInt32(address + originalPc) : undefined) ?? 0,
    };
  }

  #name(address: number): string {
    const known = this.#names.get(address);
    if (known !== undefined) return known;
    const bytes = this.#memory.read(address, MOST_NAME);
    const end = bytes?.indexOf(0) ?? -1;
    const name = bytes === undefined || end < 0 ? '' : bytes.toString('latin1', 0, end);
    if (this.#names.size < MOST_NAMES) this.#names.set(address, name);
    return name;
  }
}

/** The address that a blob tells; `undefined` if it cannot be read. */
export function readAddress(
  window: MemoryWindow,
  blob: number,
  { from, plus = [], plusShort }: BlobAddress,
): number | undefined {
  let address = from === undefined ? blob : window.readWord(blob + from);
  for (const at of plus) {
    const offset = window.readInt32(blob + at);
    if (address === undefined || offset === undefined) return undefined;
    address += offset;
  }
  if (plusShort === undefined || address === undefined) return address;
  const offset = window.readInt32(blob + plusShort);
  return offset === undefined ? undefined : address + (offset & 0xffff);
}
