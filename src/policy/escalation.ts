import { reaches, STEPS, type Step } from '../core/model.ts';
import type { Opinion, Verdict } from './verdict.ts';

/** How far the ladder may go for one trip, and how long each step takes. */
export interface Reach {
  readonly until: Step;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** How long a clamped target that does not ask for more may take to recede. */
  readonly patienceMs: number;
}

/** What led to a stage stays with it: the incident, the messages and the exit all say the same. */
interface Tripped {
  readonly sinceMs: number;
  readonly because: Opinion;
  readonly reach: Reach;
}

/** Where on the ladder the target stands. Times are the loop's monotonic milliseconds. */
export type Stage =
  | { readonly at: 'calm' }
  | { readonly at: 'warned'; readonly sinceMs: number; readonly calmSinceMs: number | undefined }
  | ({
      readonly at: 'clamped';
      readonly tasks: number;
      readonly isDumped: boolean;
      readonly recededSinceMs: number | undefined;
    } & Tripped)
  | ({ readonly at: 'terminating'; readonly tasks: number } & Tripped)
  | ({ readonly at: 'killed' } & Tripped);

/** What the loop must do now, in this order. */
export type Effect = 'warn' | 'trip' | 'clamp' | 'release' | 'dump' | 'terminate' | 'kill';

export interface Look {
  readonly nowMs: number;
  readonly tasks: number;
  readonly verdict: Verdict;
  /** How far a trip of this look may go. */
  readonly reach: Reach;
  /** Creations refused since the last look; `undefined` where the kernel does not count them. */
  readonly refusedNow: number | undefined;
  /** Refused since the clamp, and in how many looks. */
  readonly refusedSinceClamp: number;
  readonly looksRefused: number;
  /** Whether it is growing by hundreds of processes at once with nothing to hold it: no clamp would. */
  readonly isUnholdable: boolean;
  /** Whether evidence is wanted at all (`--dump-timeout 0` wants none). */
  readonly wantsEvidence: boolean;
}

/** The next stage, and what must be done on the way there. */
export interface Next {
  readonly stage: Stage;
  readonly effects: readonly Effect[];
}

/** A clamped target is released when it has been this far below the clamp for this long. */
export const RELEASE_BELOW = 0.8;
export const RELEASE_AFTER_MS = 5_000;

/** More refusals than this, or refusals in this many looks, are a program that does not take no for an answer. */
const PUSHING_REFUSALS = 64;
const PUSHING_LOOKS = 3;

/** A warning is taken back after this long without one, so that a line that is crossed again is said again. */
const CALM_AFTER_MS = 10_000;

/**
 * The next stage and the effects to carry out. Pure; the whole ladder is this one table:
 * warn → clamp → dump → terminate → kill, as far as the reach of the trip goes.
 */
export function escalate(stage: Stage, look: Look): Next {
  switch (stage.at) {
    case 'calm':
    case 'warned':
      return fromFree(stage, look);
    case 'clamped': {
      const { effects, stage: now } = withStronger(stage, look);
      return after(effects, fromClamped(now, look));
    }
    case 'terminating': {
      const { effects, stage: now } = withStronger(stage, look);
      return after(effects, fromTerminating(now, look));
    }
    case 'killed':
      return { stage, effects: [] };
    default:
      return stage satisfies never;
  }
}

type Free = Extract<Stage, { at: 'calm' | 'warned' }>;
type Clamped = Extract<Stage, { at: 'clamped' }>;
type Terminating = Extract<Stage, { at: 'terminating' }>;

function fromFree(stage: Free, look: Look): Next {
  const { nowMs, reach, tasks, verdict } = look;
  if (verdict.level === 'trip') {
    if (!reaches(reach.until, 'clamp')) return warn(stage, nowMs);
    const tripped: Tripped = { sinceMs: nowMs, because: verdict, reach };
    if (look.isUnholdable && reaches(reach.until, 'kill')) {
      const evidence: Effect[] = look.wantsEvidence ? ['dump'] : [];
      return { stage: { at: 'killed', ...tripped }, effects: ['trip', ...evidence, 'kill'] };
    }
    const next: Stage = { at: 'clamped', ...tripped, tasks, isDumped: false, recededSinceMs: undefined };
    return { stage: next, effects: ['trip', 'clamp'] };
  }
  if (verdict.level === 'warn') return warn(stage, nowMs);
  if (stage.at === 'calm') return { stage, effects: [] };
  const calmSinceMs = stage.calmSinceMs ?? nowMs;
  return { stage: nowMs - calmSinceMs >= CALM_AFTER_MS ? { at: 'calm' } : { ...stage, calmSinceMs }, effects: [] };
}

function warn(stage: Free, nowMs: number): Next {
  if (stage.at === 'warned') return { stage: { ...stage, calmSinceMs: undefined }, effects: [] };
  return { stage: { at: 'warned', sinceMs: nowMs, calmSinceMs: undefined }, effects: ['warn'] };
}

/**
 * A rule of the operator may have clamped the target and go no further. The lines of the guard stay in force meanwhile:
 * a trip that reaches further, or that leaves no time, takes the place of the one that led here, and is said.
 */
function withStronger<S extends Clamped | Terminating>(stage: S, look: Look): { stage: S; effects: Effect[] } {
  const { reach, verdict } = look;
  const same = { stage, effects: [] };
  if (verdict.level !== 'trip') return same;
  const further = STEPS.indexOf(reach.until) - STEPS.indexOf(stage.reach.until);
  const isMoreUrgent = leavesNoTime(verdict) && !leavesNoTime(stage.because);
  if (further < 0 || (further === 0 && !isMoreUrgent)) return same;
  return { stage: { ...stage, because: verdict, reach, sinceMs: look.nowMs }, effects: ['trip'] };
}

function after(effects: readonly Effect[], next: Next): Next {
  return { stage: next.stage, effects: [...effects, ...next.effects] };
}

function fromClamped(stage: Clamped, look: Look): Next {
  const { nowMs, tasks } = look;
  const { because, reach } = stage;
  if (!stage.isDumped && look.wantsEvidence && reaches(reach.until, 'dump')) {
    // The clamp holds, so there is time: one look later the target has settled and is worth a picture.
    return { stage: { ...stage, isDumped: true }, effects: ['dump'] };
  }
  if (reaches(reach.until, 'terminate') && mustEnd(stage, look)) {
    const tripped: Tripped = { sinceMs: nowMs, because, reach };
    // No grace means no SIGTERM: signalling thousands of processes one by one takes longer than ending them.
    return reach.graceMs === 0 && reaches(reach.until, 'kill')
      ? { stage: { at: 'killed', ...tripped }, effects: ['kill'] }
      : { stage: { at: 'terminating', ...tripped, tasks }, effects: ['terminate'] };
  }
  if (tasks > stage.tasks * RELEASE_BELOW) return { stage: { ...stage, recededSinceMs: undefined }, effects: [] };
  const recededSinceMs = stage.recededSinceMs ?? nowMs;
  if (nowMs - recededSinceMs < RELEASE_AFTER_MS) return { stage: { ...stage, recededSinceMs }, effects: [] };
  return { stage: { at: 'warned', sinceMs: nowMs, calmSinceMs: nowMs }, effects: ['release'] };
}

function mustEnd(stage: Clamped, look: Look): boolean {
  // Where refusals are not counted nobody can tell whether it asks for more; unknown is never safe.
  if (look.refusedNow === undefined || leavesNoTime(stage.because)) return true;
  const isPushing = look.refusedSinceClamp >= PUSHING_REFUSALS || look.looksRefused >= PUSHING_LOOKS;
  const isReceding = look.tasks <= stage.tasks * RELEASE_BELOW;
  const isOutOfTime = look.nowMs - stage.sinceMs >= stage.reach.patienceMs;
  return isPushing || (isOutOfTime && !isReceding);
}

/** No kernel limit caps the maps of a process at a line of ours: a clamp does not hold them, so patience has no use. */
function leavesNoTime({ cause, unit }: Opinion): boolean {
  return unit === 'maps' && cause !== 'policy';
}

function fromTerminating(stage: Terminating, look: Look): Next {
  const { because, reach } = stage;
  if (!reaches(reach.until, 'kill')) return { stage, effects: [] };
  const { nowMs, tasks } = look;
  // A target that still makes tasks after SIGTERM is not ending: more grace only costs the host.
  const isStillCreating = tasks > stage.tasks || (look.refusedNow ?? 0) > 0;
  if (nowMs - stage.sinceMs < reach.graceMs && !isStillCreating) return { stage, effects: [] };
  return { stage: { at: 'killed', sinceMs: nowMs, because, reach }, effects: ['kill'] };
}
