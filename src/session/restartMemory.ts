import { basename, join } from 'node:path';
import { EXIT, GuardError } from '../errors.ts';
import { ownStateDir } from '../evidence/incidentDir.ts';
import { type RestartRule, whyNoMore, withinWindow } from '../policy/restart.ts';
import { readText } from '../procfs/read.ts';
import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { readStatus } from '../procfs/status.ts';
import { deployOf, type Keeper, openRestartState, type RestartState } from '../service/restartState.ts';
import { seldom } from '../sys/seldom.ts';
import type { Session } from './session.ts';

/** The file that Node runs as a guard, see bin/threadguard. */
const BUNDLE = 'threadguard.cjs';

/** Throws where it must not be started at all. */
export function openRestartMemory(session: Session, rule: RestartRule): RestartState {
  const { options, report, start, system } = session;
  const { root } = system;
  const deploy = deployOf(options.command, start.executable);
  const path = options.service.stateFile ?? defaultPath(session);
  const state = openRestartState(
    path,
    deploy,
    { pid: process.pid, startTime: readStat(root, process.pid)?.startTime ?? 0, bootId: bootId(root) },
    (keeper) => isGuard(root, keeper),
  );
  if (state.problem !== undefined) {
    report({ event: 'error', about: 'restart', problem: state.problem, details: { stateFile: path } });
  }
  const reason = whyNoMore(rule, withinWindow(state.memory, rule, Date.now()));
  if (reason === undefined) return { ...state, memory: withinWindow(state.memory, rule, Date.now()) };
  state.close();
  throw new GuardError('gave-up', `not started: ${reason}, as ${path} remembers`, {
    hint: `deploy something else, wait, or remove ${path}`,
    exitCode: EXIT.gaveUp,
  });
}

/** Changes with every boot. */
function bootId(root: KernelRoot): string | undefined {
  return readText(root.proc('sys/kernel/random/boot_id'))?.trim();
}

/** Whether a process is a threadguard of this user, the same one that wrote its name. */
function isGuard(root: KernelRoot, keeper: Keeper): boolean {
  if (keeper.bootId !== undefined && keeper.bootId !== bootId(root)) return false;
  if (readStat(root, keeper.pid)?.startTime !== keeper.startTime) return false;
  if (readStatus(root, keeper.pid)?.uid !== process.getuid?.()) return false;
  const words = (readText(root.proc(keeper.pid, 'cmdline')) ?? '').split('\0');
  return words.some((word) => basename(word) === BUNDLE);
}

/** Beside the incidents, one for each command. */
function defaultPath({ options, start: { executable, notes }, target }: Session): string {
  const hash = seldom
    .crypto()
    .createHash('sha256')
    .update([executable, ...options.command.slice(1)].join('\0'))
    .digest('hex');
  const name = target.slice('command:'.length).replace(/[^\w.-]/g, '_');
  return join(options.evidence.incidentDir ?? ownStateDir(notes.env), 'restarts', `${name}-${hash.slice(0, 8)}.json`);
}
