import type { Frame } from '../../core/stack.ts';
import { demangle } from '../demangle.ts';
import type { Module, Modules } from './modules.ts';
import type { UnwindSource } from './unwindSource.ts';

/** Code that was made at run time: no file of it is mapped. */
export const GENERATED_CODE = '[generated code]';
/** Where a signal handler returns to (`__restore_rt` of glibc, which has no symbol). */
const SIGNAL = '[signal]';
/** `_start` of every C library is shorter. */
export const START_BYTES = 64;

/** What a program counter stands for: by Go's table, by a symbol, else by where its function begins in the file. */
export function nameFrame(pc: number, modules: Modules, ruleAt: UnwindSource['ruleAt']): Frame {
  const module = modules.moduleAt(pc);
  if (module === undefined) return { function: GENERATED_CODE };
  const file = module.path.slice(module.path.lastIndexOf('/') + 1);
  const found = goFrame(pc, module, file);
  if (found !== undefined) return found;
  const rule = ruleAt(pc);
  // The kernel called the function above it.
  if (rule?.isSignal === true) return { function: SIGNAL, module: file };
  return nativeFrame(pc, module, file, rule?.functionStart);
}

function goFrame(pc: number, { bias, go }: Module, module: string): Frame | undefined {
  const found = go()?.find(pc - bias);
  if (found === undefined) return undefined;
  const { file, line, name } = found;
  return {
    function: name,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    module,
  };
}

function nativeFrame(pc: number, { bias, elf, symbols }: Module, module: string, start: number | undefined): Frame {
  const symbol = symbols().find(pc - bias);
  if (symbol !== undefined && symbol.name !== '') return { function: demangle(symbol.name), module };
  // musl gives it no size.
  if (elf.entry !== 0 && pc - bias >= elf.entry && pc - bias < elf.entry + START_BYTES)
    return { function: '_start', module };
  return { function: `${module}+0x${((start ?? pc) - bias).toString(16)}`, module };
}
