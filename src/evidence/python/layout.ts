/** Where CPython keeps what leads to its frames: offsets in bytes, in builds of 64 bits. */
export interface PythonLayout {
  /** `3.11`, for people. */
  readonly version: string;
  readonly runtime: { readonly interpretersHead: number };
  readonly interpreter: { readonly next: number; readonly threadsHead: number };
  readonly thread: {
    readonly next: number;
    readonly threadId: number;
    /** `undefined` before 3.11: there the id is found in the pthread that `threadId` points to. */
    readonly nativeThreadId: number | undefined;
    /** How the frame is reached, each step a pointer: [56, 8] is `*(*(thread + 56) + 8)`. */
    readonly frame: readonly number[];
  };
  readonly frame: {
    readonly previous: number;
    readonly code: number;
    /** A pointer to the instruction, or (before 3.11) its number. */
    readonly instruction: number;
    /** The byte that says who made the frame. From the value `notPython` on it is no frame of a function. */
    readonly owner: { readonly at: number; readonly notPython: number } | undefined;
  };
  readonly code: {
    readonly filename: number;
    /** The qualified name, if there is one. */
    readonly name: number;
    readonly firstLine: number;
    readonly lines: number;
    /** The first instruction; `undefined` if frames hold a number instead of a pointer. */
    readonly instructions: number | undefined;
  };
  /** Where the state of the thread is that has the GIL; `undefined` where nobody asks for it. */
  readonly holder: HolderLayout | undefined;
  readonly lineTable: LineTable;
  /** How many bytes one count of `instruction` is, if it is a number. */
  readonly unit: number;
  readonly text: { readonly ascii: number; readonly compact: number };
  /** What leads from a frame to the attributes of its first argument; `undefined` if that is not known. */
  readonly instance: InstanceLayout | undefined;
}

/** How lines are told: to 3.9, in 3.10, and from 3.11 on. */
export type LineTable = 'lnotab' | 'pairs' | 'locations';

/**
 * `last_holder` of the GIL: from the runtime on (to 3.11), or from the GIL of an interpreter. It stays when a thread gives
 * the GIL up for a vfork. Where the interpreter has the pointer to its GIL is `undefined` if it is found by its shape.
 */
export type HolderLayout =
  | { readonly from: 'runtime'; readonly at: number }
  | { readonly from: 'gil'; readonly gil: number | undefined; readonly at: number };

export interface InstanceLayout {
  /** The first local variable of a frame. */
  readonly locals: number;
  /** Of a type: the keys that its instances share, and the size of one. */
  readonly cachedKeys: number;
  readonly basicSize: number;
  /** How keys tell their size. */
  readonly keys: 'sized' | 'logarithm';
  /** Where the values of an instance are. */
  readonly values: 'dictionary' | 'pointer' | 'tagged' | 'inline';
  /** Bytes before the first of them. */
  readonly valuesSkip: number;
}

/** Of a `bytes` object: its length and its bytes. */
export const BYTES = { length: 16, data: 32 };
/** Of a text: its length, and how it is stored. */
export const TEXT = { length: 16, state: 32 };
