import { RUNTIMES } from '../../core/runtimes.ts';
import { readMaps } from '../../procfs/maps.ts';
import type { FrameReaderKind } from '../creators/makers/frameReader.ts';
import { BashFrames } from './bashFrames.ts';
import { bashTables } from './bashTables.ts';
import { PosixFrames } from './posixFrames.ts';
import { ShellHeap } from './shellHeap.ts';

/** Where a shell makes a process: in which function of its script, on which line. */
export const SHELL_FRAMES: FrameReaderKind = {
  runtime: 'shell',
  open: (process) => {
    const { native, pid, root } = process;
    const program = native.modules.paths().find((path) => RUNTIMES.shell.executable?.test(baseName(path)) === true);
    const maps = program === undefined ? undefined : readMaps(root, pid);
    if (program === undefined || maps === undefined) return undefined;
    const heap = new ShellHeap(native.memory, maps, program);
    const map = maps.find(({ path, perms }) => path === program && perms.includes('x'));
    const module = map === undefined ? undefined : native.modules.moduleAt(map.start);
    const tables = module === undefined ? undefined : bashTables(module);
    if (tables !== undefined) return new BashFrames(process, heap, program, tables);
    return new PosixFrames(process, heap, program, baseName(program) === 'busybox' ? 1 : 4);
  },
};

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
