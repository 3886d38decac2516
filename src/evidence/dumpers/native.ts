import type { Frame } from '../../core/stack.ts';
import { systemCall } from '../../core/systemCalls.ts';
import { waitOfStack } from '../../core/wait.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { isZombie, readStat } from '../../procfs/stat.ts';
import { openSampledProcess } from '../creators/sampledProcess.ts';
import { sampleByStops } from '../creators/stops.ts';
import type { NativeProcess } from '../native/nativeProcess.ts';
import { openMemory } from '../native/processMemory.ts';
import { unwind } from '../native/unwind.ts';
import { StackTrie } from '../stackTrie.ts';
import type { Dumper, OpenProcess, Told, ToldStack } from './dumper.ts';

/** Native code, and Go: stacks by the ELF files that a process has mapped. The last of all dumpers. */
export const nativeDumper: Dumper = {
  name: 'native stacks',
  runtime: 'native',
  matches: ({ tids }) => tids.length > 0,
  dump: ({ machine, native, pid, root }) => {
    if (native === undefined) {
      return { notes: [`no stacks of process ${pid}: ${whyNot(root, pid)}`] };
    }
    if (process.arch !== 'x64') {
      return { notes: [`native stacks are not supported on ${process.arch}: names and waits only`] };
    }
    if (machine !== 'x64') {
      const code = machine === 'i386' ? 'of 32 bits' : 'not of x86-64';
      return { notes: [`no native stacks of process ${pid}, its code is ${code}: names and waits only`] };
    }
    return {
      stackOf: stacksOf(native),
      creators: { sample: (search) => sampleByStops((limits) => openSampledProcess(root, pid, limits), pid, search) },
    };
  },
};

function whyNot(root: KernelRoot, pid: number): string {
  const stat = readStat(root, pid);
  if (stat === undefined || isZombie(stat)) return 'it had ended';
  const memory = openMemory(root, pid);
  memory?.close();
  return memory === undefined
    ? 'they may be read by its own user or with CAP_SYS_PTRACE only'
    : 'the kernel had a lock on its memory, and would have had to be waited for';
}

/** Whether code of Go is in a process, also as a library of another program. */
export function hasGoCode({ native, runtimes }: OpenProcess): boolean {
  return runtimes.includes('go') || (native?.modules.all().some(({ go }) => go() !== undefined) ?? false);
}

function stacksOf(native: NativeProcess): NonNullable<Told['stackOf']> {
  const stacks = new StackTrie<number>();
  return ({ place, task }) => {
    if (place === undefined) return undefined;
    native.refresh();
    const { isWhole, pcs } = unwind(place, native.source);
    // One place of a C library may be where it makes every call.
    const frames = stacks.framesOf([-1 - place.call, ...pcs], () => {
      const named = nameLeaf(
        pcs.map((pc, index) => native.frameAt(pc, index > 0)),
        place.call,
      );
      return isWhole ? nameBottom(named) : named;
    });
    const told: ToldStack = { runtime: frames.some(isGo) ? 'go' : 'native', frames, isWhole };
    // musl, which has no rules, waits for a condition by the call that glibc waits by for a lock: only names tell.
    const isUnsure = task.wait === 'lock' && native.source.ruleAt(place.pc) === undefined;
    return isUnsure ? { ...told, wait: waitOfStack('unknown', frames) } : told;
  };
}

/** Only Go's own table knows the files of native code. */
function isGo({ file }: Frame): boolean {
  return file !== undefined;
}

/** A function without a name that makes a system call is told by that call: `[futex]`. */
function nameLeaf(frames: Frame[], number: number): Frame[] {
  const [leaf, ...callers] = frames;
  const call = systemCall('x64', number);
  if (leaf?.module === undefined || call === undefined || !isUnnamed(leaf)) return frames;
  return [{ ...leaf, function: `[${call.name}]` }, ...callers];
}

function isUnnamed({ function: name, module }: Frame): boolean {
  return module !== undefined && name.startsWith(`${module}+0x`);
}

/** A stripped C library has no names for functions that it does not export. Two of them begin every thread of glibc. */
function nameBottom(frames: Frame[]): Frame[] {
  const isOfGlibc = (frame: Frame | undefined): frame is Frame => frame?.module === 'libc.so.6' && isUnnamed(frame);
  const [body, bottom] = frames.slice(-2);
  if (!isOfGlibc(body) || !isOfGlibc(bottom)) return frames;
  return [...frames.slice(0, -2), { ...body, function: 'start_thread' }, { ...bottom, function: 'clone3' }];
}
