import { census, type Holding } from '../core/census.ts';
import { parseCgroupFile } from '../procfs/cgroupFile.ts';
import { parseMeminfo } from '../procfs/meminfo.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { parseSlab } from '../procfs/slabinfo.ts';
import { isZombie, readStat } from '../procfs/stat.ts';
import { readStatus } from '../procfs/status.ts';
import { countThreads, listProcesses } from '../procfs/task.ts';
import type { WhoDocument } from '../schemas/limitsSchema.ts';

const TOP = 8;

/**
 * Who holds the tasks of this machine now, and the kernel memory behind them. One walk over `/proc`; it takes some 30 µs
 * a process. Only root may read `/proc/slabinfo`: without it the memory of task_struct and of maps is `'unknown'`.
 */
export function readWho(root: KernelRoot): WhoDocument {
  const holdings: Holding[] = [];
  for (const pid of listProcesses(root)) {
    const stat = readStat(root, pid);
    if (stat === undefined) continue;
    holdings.push({
      pid,
      ppid: stat.ppid,
      name: stat.name,
      uid: readStatus(root, pid)?.uid ?? -1,
      cgroup: cgroupOf(readText(root.proc(pid, 'cgroup')) ?? ''),
      tasks: countThreads(root, pid) ?? stat.threads,
      isZombie: isZombie(stat),
    });
  }
  const meminfo = parseMeminfo(readText(root.proc('meminfo')) ?? '');
  const slabs = readText(root.proc('slabinfo')) ?? '';
  return {
    ...census(holdings, TOP, userNames(root)),
    memory: {
      kernelStackBytes: meminfo.kernelStackBytes ?? 'unknown',
      pageTablesBytes: meminfo.pageTablesBytes ?? 'unknown',
      taskStructBytes: parseSlab(slabs, 'task_struct')?.bytes ?? 'unknown',
      vmAreaBytes: parseSlab(slabs, 'vm_area_struct')?.bytes ?? 'unknown',
    },
  };
}

/** The path of the tree that counts tasks: the v1 pids tree, else v2. */
function cgroupOf(text: string): string {
  const memberships = parseCgroupFile(text);
  const own = memberships.find(({ controllers }) => controllers.includes('pids'));
  return (own ?? memberships.find(({ controllers }) => controllers.length === 0))?.path ?? '?';
}

/** Names from `/etc/passwd`. No name service is asked, because it could hang. */
function userNames(root: KernelRoot): (uid: number) => string {
  const names = new Map<number, string>();
  for (const line of (readText(root.at('/etc/passwd')) ?? '').split('\n')) {
    const [name, , uid] = line.split(':');
    if (name !== undefined && uid !== undefined) names.set(Number(uid), name);
  }
  return (uid) => names.get(uid) ?? `uid ${uid}`;
}
