import type { Ceiling } from '../core/model.ts';
import { type LoopClock, pacedLoop } from '../core/pacedLoop.ts';
import type { CeilingWatch } from './ceilingWatch.ts';
import { almostOut } from './safety.ts';

/** A command that is watched, as the loop sees it. */
export interface WatchedCommand {
  /** Whether the kernel keeps it within its cap. Where nothing does, it is stopped before the machine runs out. */
  readonly isHeld: boolean;
  tasks(): number;
  /** Whether something was refused: a counter moved, or a traced call failed. */
  hasRefused(): boolean;
  /** Calls back at once when it prints that something was refused. */
  onMessage(callback: () => void): void;
  isEmpty(): boolean;
  /** How it ended; `undefined` while it runs. */
  ended(): string | undefined;
}

/** When the watch of a command ends. */
export interface WatchEnds {
  /** It is let go on after the refusal. */
  readonly keep: boolean;
  /** It may take the last part of the machine too. */
  readonly toTheEnd: boolean;
  readonly timeoutMs: number;
}

const LOOK_EVERY_MS = 2;
/** Looks take at most this share of a core: they are meant to be close together. */
const DUTY = 0.6;
/** After the first sign the program is heard this long: it may have more to say. */
const LISTEN_MS = 150;
/** A message may come after the end of the process that wrote it. */
const LINGER_MS = 30;

/**
 * Looks at a command until something was refused to it and it has said what it had to say, until it has ended, or until
 * its time is over. Returns the most tasks that it had, and the shared ceiling whose last part it was kept from.
 */
export async function untilRefused(
  command: WatchedCommand,
  watch: Pick<CeilingWatch, 'look' | 'lookClosely'>,
  { keep, timeoutMs, toTheEnd }: WatchEnds,
  clock: LoopClock,
  stop: AbortSignal,
): Promise<{ readonly peakTasks: number; readonly keptFrom: Ceiling | undefined }> {
  let peakTasks = 0;
  let keptFrom: Ceiling | undefined;
  let signMs: number | undefined;
  let endedMs: number | undefined;
  const startMs = clock.now();
  // The closer this look is to the refusal, the less can have changed since.
  const sign = (): void => {
    if (signMs !== undefined) return;
    signMs = clock.now() - startMs;
    watch.lookClosely(command.tasks());
  };
  command.onMessage(sign);
  await pacedLoop(
    { everyMs: LOOK_EVERY_MS, forMs: timeoutMs, duty: DUTY },
    clock,
    ({ elapsedMs }) => {
      const tasks = command.tasks();
      peakTasks = Math.max(peakTasks, tasks);
      const hasEnded = command.ended() !== undefined;
      if (hasEnded) endedMs ??= elapsedMs;
      const ceilings = hasEnded ? undefined : watch.look(tasks);
      if (command.hasRefused()) sign();
      if (!toTheEnd && !command.isHeld && ceilings !== undefined) keptFrom = almostOut(ceilings);
      const isHeard = signMs !== undefined && elapsedMs - signMs >= LISTEN_MS;
      const isOver =
        endedMs !== undefined && elapsedMs - endedMs >= LINGER_MS && (signMs === undefined || command.isEmpty());
      return !(isHeard && !keep) && !isOver && keptFrom === undefined;
    },
    stop,
  );
  return { peakTasks, keptFrom };
}
