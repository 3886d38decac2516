import { join } from 'node:path';
import { EXIT, GuardError } from '../errors.ts';
import { ownStateDir } from '../evidence/incidentDir.ts';
import { type RestartRule, whyNoMore, withinWindow } from '../policy/restart.ts';
import { readStat } from '../procfs/stat.ts';
import { deployOf, openRestartState, type RestartState } from '../service/restartState.ts';
import { seldom } from '../sys/seldom.ts';
import type { Session } from './session.ts';

/** Throws where it must not be started at all. */
export function openRestartMemory(session: Session, rule: RestartRule): RestartState {
  const { options, report, start, system } = session;
  const { root } = system;
  const deploy = deployOf(options.command, start.executable);
  const path = options.service.stateFile ?? defaultPath(session);
  const state = openRestartState(
    path,
    deploy,
    { pid: process.pid, startTime: readStat(root, process.pid)?.startTime ?? 0 },
    (pid) => readStat(root, pid)?.startTime,
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
