import type { Frame } from '../../core/stack.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { isZombie, readStat } from '../../procfs/stat.ts';
import { openSampledProcess } from '../creators/sampledProcess.ts';
import { sampleByStops } from '../creators/stops.ts';
import type { NativeProcess } from '../native/nativeProcess.ts';
import { openMemory } from '../native/processMemory.ts';
import { unwind } from '../native/unwind.ts';
import { StackTrie } from '../stackTrie.ts';
import type { Dumper, OpenProcess, Told } from './dumper.ts';

/** Native code, and Go: stacks by the ELF files that a process has mapped. The last of all dumpers. */
export const nativeDumper: Dumper = {
  name: 'native stacks',
  runtime: 'native',
  matches: ({ tids }) => tids.length > 0,
  dump: ({ native, pid, root }) => {
    if (native === undefined) {
      return { notes: [`no stacks of process ${pid}: ${whyNot(root, pid)}`] };
    }
    if (process.arch !== 'x64') {
      return { notes: [`native stacks are not supported on ${process.arch}: names and waits only`] };
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
  return ({ place }) => {
    if (place === undefined) return undefined;
    native.refresh();
    const { isWhole, pcs } = unwind(place, native.source);
    const frames = stacks.framesOf(pcs, () => {
      const named = pcs.map((pc, index) => native.frameAt(pc, index > 0));
      return isWhole ? nameBottom(named) : named;
    });
    return { runtime: frames.some(isGo) ? 'go' : 'native', frames, isWhole };
  };
}

/** Only Go's own table knows the files of native code. */
function isGo({ file }: Frame): boolean {
  return file !== undefined;
}

/** A stripped C library has no names for functions that it does not export. Two of them begin every thread of glibc. */
function nameBottom(frames: Frame[]): Frame[] {
  const isUnnamed = (frame: Frame | undefined): frame is Frame =>
    frame?.module?.startsWith('libc.so') === true && frame.function.startsWith(frame.module);
  const [body, bottom] = frames.slice(-2);
  if (!isUnnamed(body) || !isUnnamed(bottom)) return frames;
  return [...frames.slice(0, -2), { ...body, function: 'start_thread' }, { ...bottom, function: 'clone3' }];
}
