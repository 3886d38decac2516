import { Cursor } from '../elf/bytes.ts';

/** Where CPython keeps what leads to its frames: offsets in bytes (64-bit builds). */
export interface PythonLayout {
  /** `3.11`, for people. */
  readonly version: string;
  readonly runtime: { readonly interpretersHead: number };
  readonly interpreter: { readonly next: number; readonly threadsHead: number };
  readonly thread: {
    readonly next: number;
    readonly threadId: number;
    /** `undefined` before 3.11: the id is found in the pthread that `threadId` points to. */
    readonly nativeThreadId: number | undefined;
    /** What the frame is reached from, each step a pointer: [56, 8] is `*(*(thread + 56) + 8)`. */
    readonly frame: readonly number[];
  };
  readonly frame: {
    readonly previous: number;
    readonly code: number;
    /** Pointer to the instruction, or (before 3.11) its number. */
    readonly instruction: number;
    /** Byte that says who made the frame; from this value on it is none of a function. */
    readonly owner: { readonly at: number; readonly notPython: number } | undefined;
  };
  readonly code: {
    readonly filename: number;
    /** The qualified name, where there is one. */
    readonly name: number;
    readonly firstLine: number;
    readonly lines: number;
    /** First instruction; `undefined` where frames hold a number instead of a pointer. */
    readonly instructions: number | undefined;
  };
  readonly lineTable: 'lnotab' | 'pairs' | 'locations';
  /** How many bytes one count of `instruction` is, where it is a number. */
  readonly unit: number;
  readonly text: { readonly ascii: number; readonly compact: number };
  /** What leads from a frame to the attributes of its first argument; `undefined` where that is not known. */
  readonly instance:
    | {
        /** The first local variable of a frame. */
        readonly locals: number;
        /** Of a type: keys that its instances share, and the size of one. */
        readonly cachedKeys: number;
        readonly basicSize: number;
        /** How keys tell their size. */
        readonly keys: 'sized' | 'logarithm';
        /** Where the values of an instance are. */
        readonly values: 'dictionary' | 'pointer' | 'tagged' | 'inline';
        /** Bytes before the first of them. */
        readonly valuesSkip: number;
      }
    | undefined;
}

/** The bytes of a `bytes` object, and its length. */
export const BYTES = { length: 16, data: 32 };
export const TEXT = { length: 16, state: 32 };

const NUMBERED = {
  runtime: { interpretersHead: 32 },
  interpreter: { next: 0, threadsHead: 8 },
  thread: { next: 8, threadId: 176, nativeThreadId: undefined, frame: [24] },
  text: { ascii: 48, compact: 72 },
} as const;

const DICTIONARY = { basicSize: 32, keys: 'sized', values: 'dictionary', valuesSkip: 0 } as const;

/** Taken from the headers of 3.8.18, 3.9.18, 3.10.13, 3.11.7 and 3.12.1 with offsetof; stable within a minor version. */
const LAYOUTS: readonly PythonLayout[] = [
  ...['3.8', '3.9'].map(
    (version): PythonLayout => ({
      ...NUMBERED,
      version,
      instance: { ...DICTIONARY, locals: 360, cachedKeys: version === '3.8' ? 872 : 864 },
      frame: { previous: 24, code: 32, instruction: 104, owner: undefined },
      code: { filename: 104, name: 112, firstLine: 40, lines: 120, instructions: undefined },
      lineTable: 'lnotab',
      unit: 1,
    }),
  ),
  {
    ...NUMBERED,
    version: '3.10',
    instance: { ...DICTIONARY, locals: 352, cachedKeys: 872 },
    frame: { previous: 24, code: 32, instruction: 96, owner: undefined },
    code: { filename: 104, name: 112, firstLine: 40, lines: 120, instructions: undefined },
    lineTable: 'pairs',
    unit: 2,
  },
  {
    version: '3.11',
    instance: { locals: 72, cachedKeys: 872, basicSize: 32, keys: 'logarithm', values: 'pointer', valuesSkip: 0 },
    runtime: { interpretersHead: 40 },
    interpreter: { next: 0, threadsHead: 16 },
    thread: { next: 8, threadId: 152, nativeThreadId: 160, frame: [56, 8] },
    frame: { previous: 48, code: 32, instruction: 56, owner: undefined },
    code: { filename: 112, name: 128, firstLine: 72, lines: 136, instructions: 184 },
    lineTable: 'locations',
    unit: 1,
    text: { ascii: 48, compact: 72 },
  },
  {
    version: '3.12',
    instance: { locals: 72, cachedKeys: 880, basicSize: 32, keys: 'logarithm', values: 'tagged', valuesSkip: 0 },
    runtime: { interpretersHead: 40 },
    interpreter: { next: 0, threadsHead: 72 },
    thread: { next: 8, threadId: 136, nativeThreadId: 144, frame: [56, 0] },
    frame: { previous: 8, code: 0, instruction: 56, owner: { at: 70, notPython: 3 } },
    code: { filename: 112, name: 128, firstLine: 68, lines: 136, instructions: 192 },
    lineTable: 'locations',
    unit: 1,
    text: { ascii: 40, compact: 56 },
  },
];

/** The layout of a version before 3.13; `undefined` for one that is not known. */
export function layoutOf(version: string): PythonLayout | undefined {
  return LAYOUTS.find((layout) => layout.version === version);
}

/** Bytes at the start of `_PyRuntime` that `readDebugOffsets` wants. */
export const DEBUG_OFFSETS_BYTES = 512;

/**
 * From 3.13 on the runtime describes itself (`_Py_DebugOffsets`, Include/internal/pycore_debug_offsets.h): a cookie, the
 * version, then structures of offsets that each begin with a size. `undefined` when it does not.
 */
export function readDebugOffsets(bytes: Buffer): PythonLayout | undefined {
  if (bytes.toString('latin1', 0, 8) !== 'xdebugpy') return undefined;
  const cursor = new Cursor(bytes, 8);
  const hex = cursor.u64();
  const minor = Math.floor(hex / 2 ** 16) % 256;
  const is314 = minor >= 14;
  const take = (...names: string[]): Record<string, number> =>
    Object.fromEntries(names.map((name) => [name, cursor.u64()]));
  const freeThreaded = cursor.u64();
  const runtime = take('size', 'finalizing', 'head');
  const interpreter = take(
    ...['size', 'id', 'next', 'threads'],
    ...(is314 ? ['main'] : []),
    ...['gc', 'modules', 'sysdict', 'builtins', 'ceval', 'gil', 'enabled', 'locked', 'holder'],
    ...(is314 ? ['codeGeneration', 'tlbcGeneration'] : []),
  );
  const thread = take('size', 'prev', 'next', 'interp', 'frame', 'id', 'native', 'chunk', 'status');
  const frame = take(
    ...['size', 'previous', 'executable', 'instruction', 'locals', 'owner'],
    ...(is314 ? ['stackPointer', 'tlbcIndex'] : []),
  );
  const code = take('size', 'filename', 'name', 'qualname', 'lines', 'firstLine', 'args', 'names', 'kinds', 'first');
  const isSane = [
    [runtime['head'], runtime['size']],
    [interpreter['threads'], interpreter['size']],
    [thread['native'], thread['size']],
    [frame['owner'], frame['size']],
    [code['first'], code['size']],
  ].every(([at, size]) => at !== undefined && size !== undefined && at <= size && size < 2 ** 20);
  // Without the GIL the bytecode has copies for each thread, and lines would be wrong.
  if (cursor.isBroken || !isSane || freeThreaded !== 0) return undefined;
  return {
    version: `3.${minor}`,
    // From 3.14 on the kernel has the names, too (bpo-15500).
    instance: is314
      ? undefined
      : {
          locals: frame['locals'] as number,
          cachedKeys: 880,
          basicSize: 32,
          keys: 'logarithm',
          values: 'inline',
          valuesSkip: 8,
        },
    runtime: { interpretersHead: runtime['head'] as number },
    interpreter: { next: interpreter['next'] as number, threadsHead: interpreter['threads'] as number },
    thread: {
      next: thread['next'] as number,
      threadId: thread['id'] as number,
      nativeThreadId: thread['native'] as number,
      frame: [thread['frame'] as number],
    },
    frame: {
      previous: frame['previous'] as number,
      code: frame['executable'] as number,
      instruction: frame['instruction'] as number,
      owner: { at: frame['owner'] as number, notPython: 3 },
    },
    code: {
      filename: code['filename'] as number,
      name: code['qualname'] as number,
      firstLine: code['firstLine'] as number,
      lines: code['lines'] as number,
      instructions: code['first'] as number,
    },
    lineTable: 'locations',
    unit: 1,
    text: { ascii: 40, compact: 56 },
  };
}
