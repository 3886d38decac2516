import { Cursor } from '../elf/bytes.ts';
import type { PythonLayout } from './layout.ts';

/** Bytes at the start of `_PyRuntime` that `readDebugOffsets` wants. */
export const DEBUG_OFFSETS_BYTES = 512;

const COOKIE = 'xdebugpy';
/** No structure of CPython is as large. */
const MOST_BYTES = 2 ** 20;

/**
 * From 3.13 on the runtime describes itself (`_Py_DebugOffsets`, Include/internal/pycore_debug_offsets.h): a cookie, the
 * version, then structures of offsets that each begin with a size. `undefined` if it does not, or is not to be believed.
 */
export function readDebugOffsets(bytes: Buffer): PythonLayout | undefined {
  if (bytes.toString('latin1', 0, COOKIE.length) !== COOKIE) return undefined;
  const cursor = new Cursor(bytes, COOKIE.length);
  const minor = Math.floor(cursor.u64() / 2 ** 16) % 256;
  // Without the GIL the bytecode has copies for each thread, and lines would be wrong.
  const isFreeThreaded = cursor.u64() !== 0;
  const offsets = readOffsets(cursor, minor >= 14);
  if (cursor.isBroken || isFreeThreaded || !isSane(offsets)) return undefined;
  return layoutFrom(`3.${minor}`, offsets, minor >= 14);
}

type Offsets = ReturnType<typeof readOffsets>;

/** The structures in their order. 3.14 has a few fields more. */
function readOffsets(cursor: Cursor, is314: boolean) {
  const take = <Name extends string>(...names: Name[]): Record<Name, number> =>
    Object.fromEntries(names.map((name) => [name, cursor.u64()])) as Record<Name, number>;
  const runtime = take('size', 'finalizing', 'head');
  const interpreter = take(
    ...(['size', 'id', 'next', 'threads'] as const),
    ...(is314 ? (['main'] as const) : []),
    ...(['gc', 'modules', 'sysdict', 'builtins', 'ceval', 'gil', 'enabled', 'locked', 'holder'] as const),
    ...(is314 ? (['codeGeneration', 'tlbcGeneration'] as const) : []),
  );
  const thread = take('size', 'prev', 'next', 'interp', 'frame', 'id', 'native', 'chunk', 'status');
  const frame = take(
    ...(['size', 'previous', 'executable', 'instruction', 'locals', 'owner'] as const),
    ...(is314 ? (['stackPointer', 'tlbcIndex'] as const) : []),
  );
  const code = take('size', 'filename', 'name', 'qualname', 'lines', 'firstLine', 'args', 'names', 'kinds', 'first');
  return { runtime, interpreter, thread, frame, code };
}

/** Offsets lie within their structures. */
function isSane({ code, frame, interpreter, runtime, thread }: Offsets): boolean {
  return [
    [runtime.head, runtime.size],
    [interpreter.threads, interpreter.size],
    [thread.native, thread.size],
    [frame.owner, frame.size],
    [code.first, code.size],
  ].every(([at = 0, size = 0]) => at <= size && size < MOST_BYTES);
}

function layoutFrom(version: string, offsets: Offsets, is314: boolean): PythonLayout {
  const { code, frame, interpreter, runtime, thread } = offsets;
  return {
    version,
    runtime: { interpretersHead: runtime.head },
    interpreter: { next: interpreter.next, threadsHead: interpreter.threads },
    thread: { next: thread.next, threadId: thread.id, nativeThreadId: thread.native, frame: [thread.frame] },
    frame: {
      previous: frame.previous,
      code: frame.executable,
      instruction: frame.instruction,
      owner: { at: frame.owner, notPython: 3 },
    },
    code: {
      filename: code.filename,
      name: code.qualname,
      firstLine: code.firstLine,
      lines: code.lines,
      instructions: code.first,
    },
    // `last_holder` is told from the interpreter on, in which its first GIL lies.
    holder: { from: 'gil', gil: interpreter.ceval, at: interpreter.holder - interpreter.gil },
    lineTable: 'locations',
    unit: 1,
    text: { ascii: 40, compact: 56 },
    // From 3.14 on the kernel has the names, too (bpo-15500).
    instance: is314
      ? undefined
      : {
          locals: frame.locals,
          cachedKeys: 880,
          basicSize: 32,
          keys: 'logarithm',
          values: 'inline',
          valuesSkip: 8,
        },
  };
}
