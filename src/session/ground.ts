import { basename } from 'node:path';
import { MapsWatch } from '../engine/mapsWatch.ts';
import { GuardError } from '../errors.ts';
import { isJava } from '../launch/inject.ts';
import { type LaunchNotes, parseLaunchNotes } from '../launch/launchNotes.ts';
import { findExecutable } from '../launch/launchPlan.ts';
import { activationFds, checkDescriptors } from '../launch/preflight.ts';
import { type KernelRoot, kernelRoot } from '../procfs/root.ts';
import { openServiceManager, type ServiceManager } from '../service/systemd.ts';
import { loadLibc } from '../sys/libc.ts';
import { Standing } from '../sys/standing.ts';
import { AS_IT_WAS, type Placement, takePlace } from './placement.ts';
import type { RunOptions } from './runOptions.ts';
import type { Current, System } from './session.ts';
import { sidecarOf } from './sidecar.ts';
import { speakersOf } from './speakers.ts';

/** Where the guard stands and what it was given, before anything of its surroundings is read. */
export interface Ground {
  readonly system: Omit<System, 'surroundings' | 'tracing'>;
  readonly given: Given;
  /** How the target is called: `command:redis`. */
  readonly target: string;
  readonly standing: Standing;
  readonly manager: ServiceManager | undefined;
  readonly placement: Placement;
  readonly current: Current;
}

/** What whoever started the guard gave it for the command. */
export interface Given {
  readonly notes: LaunchNotes;
  readonly executable: string;
  /** Descriptors of socket activation. */
  readonly sockets: readonly number[];
  readonly sidecar: number | undefined;
}

/** Checks the command, and takes the guard to where it can hold it. Throws a GuardError for what makes a start pointless. */
export async function openGround(options: RunOptions): Promise<Ground> {
  const root = kernelRoot();
  const now = (): number => performance.now();
  const notes = parseLaunchNotes(process.env);
  const executable = checkCommand(options, notes);
  const sidecar = options.launch.sidecar ? sidecarOf(options, root, process.env) : undefined;
  const libc = loadLibc();
  // Node has done so for those up to 16. A helper of the guard could hold a lock for longer than the command.
  for (const fd of notes.descriptors) libc?.setCloseOnExec(fd, true);
  const isReaper = libc?.becomeSubreaper() ?? false;
  const placing = { root, libc, uid: process.getuid?.() ?? 0, env: notes.env, command: options.command, now };
  const placement = sidecar === undefined ? await takePlace(options.settings, placing) : AS_IT_WAS;
  const own = new Set<number>();
  const current = noRun(root, now);
  const isSpeaker = speakersOf({ root, guard: process.pid, own, isReaper, now, current });
  const notify = sidecar === undefined ? options.service.notify : 'off';
  return {
    system: { root, now, libc, own, isReaper },
    given: { notes, executable, sockets: activationFds(notes.env), sidecar },
    target: `command:${options.service.name ?? basename(options.command[0] ?? '')}`,
    standing: new Standing(libc),
    manager: openServiceManager(notes.env, notify, { libc, pid: process.pid, now, isSpeaker }),
    placement,
    current,
  };
}

function checkCommand(options: RunOptions, { env }: LaunchNotes): string {
  const [file, next] = options.command as [string, string | undefined];
  const executable = findExecutable(file, env['PATH']);
  if (basename(file) === 'threadguard' && next === 'run') {
    throw new GuardError('two-guards', 'the command is guarded already: it is threadguard run itself', {
      hint: 'one guard is enough: give its options to one of them',
    });
  }
  checkDescriptors(options.launch.passFds);
  if (options.evidence.jvmThreadEvents) checkJvm(options);
  return executable;
}

function checkJvm({ command, launch: { inject } }: RunOptions): void {
  const why = inject ? 'reaches commands called java only' : 'does nothing with --no-inject';
  if (inject && isJava(command)) return;
  throw new GuardError('no-jvm', `--jvm-thread-events ${why}`, {
    hint: 'leave it out, or give a JVM that is started otherwise the options of docs/evidence.md',
  });
}

/** No run of the command is under way. */
function noRun(root: KernelRoot, now: () => number): Current {
  const nothing = (): void => {};
  return {
    pid: undefined,
    processes: () => [],
    maps: new MapsWatch(root, now),
    incident: undefined,
    record: nothing,
    onContinue: nothing,
    reload: nothing,
    signals: new Set(),
    onSignal: nothing,
  };
}
