import type { Frame } from '../../core/stack.ts';
import { readCodeMaps } from '../../procfs/maps.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { demangle } from '../demangle.ts';
import type { UnwindRule } from '../elf/unwindRule.ts';
import { findUnwindRule } from '../elf/unwindTable.ts';
import { type ElfFiles, type Module, type Modules, openModules } from './modules.ts';
import { type Memory, openMemory } from './processMemory.ts';
import type { UnwindSource } from './unwind.ts';

const STACK_WINDOW = 4096;

/** A process opened for its native stacks. */
export interface NativeProcess {
  readonly memory: Memory;
  readonly modules: Modules;
  readonly source: UnwindSource;
  /** Before each thread: what was read of another's stack is no good for it. */
  refresh(): void;
  /** What a program counter stands for; `isReturn` for all but the first of a stack. */
  frameAt(pc: number, isReturn: boolean): Frame;
  close(): void;
}

/** `undefined` without the rights of ptrace, or for a process that is gone or has no memory of its own. */
export function openNativeProcess(root: KernelRoot, pid: number, files: ElfFiles): NativeProcess | undefined {
  const maps = readCodeMaps(root, pid);
  if (maps === undefined || maps.length === 0) return undefined;
  const memory = openMemory(root, pid);
  if (memory === undefined) return undefined;
  const modules = openModules(root, pid, maps, memory, files);
  // Stacks are walked upwards.
  const stack = memory.window(0, STACK_WINDOW);
  const rules = new Map<number, UnwindRule | undefined>();
  const frames = new Map<number, Frame>();
  const code = new Set<number>();
  const calls = new Map<number, number | 'maybe' | 'no'>();

  const ruleAt = (pc: number): UnwindRule | undefined => {
    if (rules.has(pc)) return rules.get(pc);
    const module = modules.moduleAt(pc);
    const found = module?.elf.isX64 ? findRule(module, pc - module.bias) : undefined;
    const rule =
      found === undefined || module === undefined
        ? undefined
        : {
            ...found,
            functionStart: found.functionStart + module.bias,
            functionEnd: found.functionEnd + module.bias,
          };
    rules.set(pc, rule);
    return rule;
  };
  // Only what is code is remembered: the other words of stacks are all different.
  const isCode = (address: number): boolean => {
    if (code.has(address)) return true;
    if (modules.mapAt(address) === undefined) return false;
    code.add(address);
    return true;
  };
  const callsBefore = (back: number, target: number): 'yes' | 'maybe' | 'no' => {
    let called = calls.get(back);
    if (called === undefined) {
      called = calledBefore(memory.read(back - 7, 7), back);
      // A stub of the PLT or a jump on the way is no function of its own.
      if (typeof called === 'number' && ruleAt(called)?.functionStart !== called) called = 'maybe';
      calls.set(back, called);
    }
    if (typeof called === 'number') return called === target ? 'yes' : 'no';
    return called;
  };
  return {
    memory,
    modules,
    source: { ruleAt, isCode, callsBefore, readWord: stack.readWord },
    refresh: stack.refresh,
    frameAt: (pc, isReturn) => {
      const key = isReturn ? -pc : pc;
      let frame = frames.get(key);
      if (frame === undefined) {
        frame = name(isReturn ? pc - 1 : pc, modules, ruleAt);
        frames.set(key, frame);
      }
      return frame;
    },
    close: memory.close,
  };
}

/**
 * What the instruction before a return address calls: an address for `call rel32`, `'maybe'` for a call through a
 * register or memory (FF /2), `'no'` when it is no call.
 */
export function calledBefore(bytes: Buffer | undefined, back: number): number | 'maybe' | 'no' {
  if (bytes === undefined || bytes.length < 7) return 'no';
  if (bytes[2] === 0xe8) return back + bytes.readInt32LE(3);
  for (let at = 0; at <= 5; at += 1) {
    if (bytes[at] === 0xff && (((bytes[at + 1] as number) >> 3) & 7) === 2 && lengthOf(bytes, at) === 7 - at)
      return 'maybe';
  }
  return 'no';
}

/** Length of `FF /2` by its ModR/M byte. */
function lengthOf(bytes: Buffer, at: number): number {
  const modrm = bytes[at + 1] as number;
  const mod = modrm >> 6;
  const rm = modrm & 7;
  if (mod === 3) return 2;
  const sib = rm === 4 ? 1 : 0;
  if (mod === 1) return 3 + sib;
  if (mod === 2) return 6 + sib;
  return rm === 5 ? 6 : sib === 1 && ((bytes[at + 2] as number) & 7) === 5 ? 7 : 2 + sib;
}

/** Go code is described by its own table, also beside C in one file. */
function findRule({ elf, go }: Module, address: number): UnwindRule | undefined {
  return go()?.ruleAt(address) ?? findUnwindRule(elf, address);
}

function name(pc: number, modules: Modules, ruleAt: (pc: number) => UnwindRule | undefined): Frame {
  const module = modules.moduleAt(pc);
  if (module === undefined) return { function: '[generated code]' };
  const short = module.path.slice(module.path.lastIndexOf('/') + 1);
  const go = module.go()?.find(pc - module.bias);
  if (go !== undefined) {
    const { file, line, name: function_ } = go;
    return {
      function: function_,
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
      module: short,
    };
  }
  const symbol = module.symbols().find(pc - module.bias);
  if (symbol !== undefined && symbol.name !== '') return { function: demangle(symbol.name), module: short };
  const start = (ruleAt(pc)?.functionStart ?? pc) - module.bias;
  return { function: `${short}+0x${start.toString(16)}`, module: short };
}
