import type { Frame } from '../../../core/stack.ts';
import type { MemoryWindow } from '../../native/memoryWindow.ts';
import type { Memory } from '../../native/processMemory.ts';
import { type CodeBlob, readAddress } from './codeBlobs.ts';
import type { HotSpotLayout } from './layout.ts';
import type { Methods } from './methods.ts';
import { PackedNumbers } from './packedNumbers.ts';

/** The largest compiled methods have some hundred kilobytes of each. */
const MOST_PLACE_BYTES = 4 << 20;
const MOST_TEXT_BYTES = 16 << 20;
/** HotSpot inlines 15 methods deep (MaxInlineLevel). */
const MOST_INLINED = 64;
/** Three packed numbers. */
const SCOPE_BYTES = 15;
const WORD = 8;

/** What compiled code says of its places: which methods were compiled into one. */
export class Scopes {
  readonly #memory: Memory;
  readonly #window: MemoryWindow;
  readonly #methods: Methods;
  readonly #layout: HotSpotLayout;
  readonly #frames = new WeakMap<CodeBlob, Map<number, readonly Frame[]>>();

  constructor(memory: Memory, window: MemoryWindow, methods: Methods, layout: HotSpotLayout) {
    this.#memory = memory;
    this.#window = window;
    this.#methods = methods;
    this.#layout = layout;
  }

  /** The frames at a return address, the innermost first; `undefined` if the code does not say it of that address. */
  framesAt(blob: CodeBlob, pc: number): readonly Frame[] | undefined {
    const known = this.#frames.get(blob) ?? new Map<number, readonly Frame[]>();
    this.#frames.set(blob, known);
    const frames = known.get(pc) ?? this.#read(blob, pc);
    if (frames !== undefined) known.set(pc, frames);
    return frames;
  }

  #read(blob: CodeBlob, pc: number): readonly Frame[] | undefined {
    if (blob.kind === 'native') {
      const frame = this.#methods.at(blob.method)?.frameAt(0);
      return frame === undefined ? undefined : [frame];
    }
    const { scopes } = this.#layout;
    const texts = readAddress(this.#window, blob.address, scopes.texts);
    const methods = readAddress(this.#window, blob.address, scopes.methods);
    let scope = this.#scopeAt(blob, pc);
    if (texts === undefined || methods === undefined || scope === undefined) return undefined;
    const frames: Frame[] = [];
    // Callers come before what they call, so that goes down.
    while (scope > 0 && scope < MOST_TEXT_BYTES && frames.length < MOST_INLINED) {
      const bytes = this.#memory.read(texts + scope, SCOPE_BYTES);
      if (bytes === undefined) return undefined;
      const numbers = new PackedNumbers(bytes, this.#layout.excluded);
      const [sender, method, bytecode] = [numbers.unsigned(), numbers.unsigned(), numbers.unsigned() - 1];
      // Methods are counted from 1.
      const found = this.#methods.at(this.#window.readWord(methods + (method - 1) * WORD));
      if (method === 0 || found === undefined || sender >= scope) return undefined;
      frames.push(found.frameAt(Math.max(0, bytecode)));
      scope = sender;
    }
    return frames.length === 0 ? undefined : frames;
  }

  /** Where the innermost scope of a return address is described: there is an entry for each, in their order (pcDesc.hpp). */
  #scopeAt(blob: CodeBlob, pc: number): number | undefined {
    const { placeBytes, placePc, places, placesEnd, placeText } = this.#layout.scopes;
    const start = readAddress(this.#window, blob.address, places);
    const end = readAddress(this.#window, blob.address, placesEnd);
    if (start === undefined || end === undefined || !(end > start && end - start <= MOST_PLACE_BYTES)) return undefined;
    let low = 0;
    let high = Math.floor((end - start) / placeBytes);
    const offsetAt = (entry: number): number | undefined =>
      this.#window.readInt32(start + entry * placeBytes + placePc);
    while (low < high) {
      const middle = (low + high) >> 1;
      const offset = offsetAt(middle);
      if (offset === undefined) return undefined;
      if (offset < pc - blob.code) low = middle + 1;
      else high = middle;
    }
    return offsetAt(low) === pc - blob.code ? this.#window.readInt32(start + low * placeBytes + placeText) : undefined;
  }
}
