import type { Frame } from '../../core/stack.ts';
import { readCodeMaps } from '../../procfs/maps.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { livingThread } from '../../procfs/task.ts';
import type { UnwindRule } from '../elf/unwindRule.ts';
import { findUnwindRule } from '../elf/unwindTable.ts';
import { mayHoldLock } from '../memoryLock.ts';
import { CALL_BYTES, type CallTarget, calledBefore } from './callSite.ts';
import type { ElfFiles } from './elfFiles.ts';
import { nameFrame } from './frameNames.ts';
import { type Module, type Modules, openModules } from './modules.ts';
import { type Memory, openMemory } from './processMemory.ts';
import { remembered } from './remembered.ts';
import { beginsAt, unruledCode } from './unruled.ts';
import type { UnwindSource } from './unwindSource.ts';

const STACK_WINDOW = 4096;

/** A process that is opened for its native stacks. */
export interface NativeProcess {
  readonly memory: Memory;
  readonly modules: Modules;
  readonly source: UnwindSource;
  /** Must be called before each thread: words of another thread's stack may be old. */
  refresh(): void;
  /** What a program counter stands for; `isReturn` for all but the first of a stack. */
  frameAt(pc: number, isReturn: boolean): Frame;
  /** Reads the maps of code once more: a runtime makes code, and libraries are loaded. */
  reread(): void;
  close(): void;
}

/**
 * `undefined` without the rights of ptrace, for a process that is gone or has no memory of its own, and for one whose memory
 * may have to be waited for.
 */
export function openNativeProcess(root: KernelRoot, leader: number, files: ElfFiles): NativeProcess | undefined {
  const pid = livingThread(root, leader);
  if (mayHoldLock(root, pid)) return undefined;
  const maps = readCodeMaps(root, pid);
  if (maps === undefined || maps.length === 0) return undefined;
  const memory = openMemory(root, pid);
  if (memory === undefined) return undefined;
  const modules = openModules(root, pid, maps, memory, files);
  return {
    ...nativeProcess(memory, modules, files.isOver),
    reread: () => {
      const now = mayHoldLock(root, pid) ? undefined : readCodeMaps(root, pid);
      // A process that has just ended has none.
      if (now !== undefined && now.length > 0) modules.update(now);
    },
  };
}

/** The same for memory and code that are known. What is found out about an address is remembered: threads share their code. */
export function nativeProcess(memory: Memory, modules: Modules, isOver: () => boolean = () => false): NativeProcess {
  // Stacks are walked upwards.
  const stack = memory.window(0, STACK_WINDOW);
  const ruleAt = remembered((pc: number) => findRule(modules.moduleAt(pc), pc));
  const callAt = remembered((back: number) => callBefore(memory, back, ruleAt));
  const isBottomAt = remembered((back: number) => beginsAt(back, modules.moduleAt(back), memory));
  const unruledAt = (isReturn: boolean) => (pc: number) => {
    const module = modules.moduleAt(pc);
    // Go describes all of its code itself.
    if (module?.elf.isX64 !== true || module.go() !== undefined) return undefined;
    return unruledCode(pc, isReturn, { module, memory, isBottomAt });
  };
  const [standing, returning] = [remembered(unruledAt(false)), remembered(unruledAt(true))];
  const codes = new Set<number>();
  const frames = new Map<number, Frame>();
  return {
    memory,
    modules,
    source: {
      ruleAt,
      isOver,
      unruledAt: (pc, isReturn) => (isReturn ? returning : standing)(pc),
      readWord: stack.readWord,
      // Only what is code is remembered: the other words of stacks are all different.
      isCode: (address) => {
        if (codes.has(address)) return true;
        if (modules.mapAt(address) === undefined) return false;
        codes.add(address);
        return true;
      },
      callsBefore: (back, target) => {
        const called = callAt(back);
        if (typeof called !== 'number') return called;
        return called === target ? 'yes' : 'no';
      },
    },
    refresh: stack.refresh,
    frameAt: (pc, isReturn) => {
      const key = isReturn ? -pc : pc;
      let frame = frames.get(key);
      if (frame === undefined) {
        frame = nameFrame(isReturn ? pc - 1 : pc, modules, ruleAt);
        frames.set(key, frame);
      }
      return frame;
    },
    reread: () => {},
    close: memory.close,
  };
}

/** The rule for an address of the process. Go code is described by its own table, also if it shares a file with C. */
function findRule(module: Module | undefined, pc: number): UnwindRule | undefined {
  if (module?.elf.isX64 !== true) return undefined;
  const { bias, elf, go } = module;
  const found = go()?.ruleAt(pc - bias) ?? findUnwindRule(elf, pc - bias);
  if (found === undefined) return undefined;
  return { ...found, functionStart: found.functionStart + bias, functionEnd: found.functionEnd + bias };
}

/** A stub of the PLT, or a jump on the way, is no function of its own: then the target cannot be told. */
function callBefore(memory: Memory, back: number, ruleAt: UnwindSource['ruleAt']): CallTarget {
  const called = calledBefore(memory.read(back - CALL_BYTES, CALL_BYTES), back);
  return typeof called === 'number' && ruleAt(called)?.functionStart !== called ? 'maybe' : called;
}
