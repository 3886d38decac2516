import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import type { Member } from './tree.ts';

/** A signal to a process that is still the one that was seen; false when it has ended meanwhile. */
export function sendSignal(root: KernelRoot, member: Member, signal: NodeJS.Signals): void {
  if (member.isZombie || readStat(root, member.pid)?.startTime !== member.startTime) return;
  trySignal(member.pid, signal);
}

export function trySignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    // It ended in between, or changed its uid: the next walk shows which.
    return false;
  }
}
