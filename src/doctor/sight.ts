import { accessSync, constants } from 'node:fs';
import { whyNotTraced } from '../evidence/creators/tracing.ts';
import { canUseTracefs } from '../explain/trace/tracefs.ts';
import { findExecutable } from '../launch/launchPlan.ts';
import { hidesProcesses } from '../procfs/namespace.ts';
import { readNumber, readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStatus } from '../procfs/status.ts';
import type { SightFindings } from './findings.ts';

const CAP_SYS_PTRACE = 19n;

/** How each runtime says by itself where its threads are. */
const RUNTIMES: readonly (readonly [command: string, channel: string])[] = [
  ['java', 'prints stacks on SIGQUIT; attach socket with -XX:+StartAttachListener'],
  ['go', 'prints goroutines on SIGQUIT, and ends'],
  ['node', 'writes a report on a signal with --report-on-signal'],
  ['python3', 'prints stacks on a signal with faulthandler.register'],
  ['ruby', 'names threads after the line that made them'],
];

/** What this user may see. */
export function findSight(root: KernelRoot, env: NodeJS.ProcessEnv): SightFindings {
  const status = readStatus(root, 'self');
  const scope = readNumber(root.proc('sys/kernel/yama/ptrace_scope'));
  return {
    ptraceScope: typeof scope === 'number' ? scope : undefined,
    canPtrace: (((status?.effectiveCaps ?? 0n) >> CAP_SYS_PTRACE) & 1n) === 1n,
    hidesProcesses: hidesProcesses(root) && status?.uid !== 0,
    canReadSlabs: readText(root.proc('slabinfo')) !== undefined,
    canTrace: canUseTracefs(root) ? 'tracefs' : isOnPath('strace', env) ? 'strace' : undefined,
    whyNotTraced: whyNotTraced(root),
    runtimes: RUNTIMES.filter(([command]) => isOnPath(command, env)).map(([name, channel]) => ({ name, channel })),
  };
}

function isOnPath(command: string, env: NodeJS.ProcessEnv): boolean {
  try {
    accessSync(findExecutable(command, env['PATH']), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
