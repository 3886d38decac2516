import { reaches } from '../core/model.ts';
import type { Settings } from './settings.ts';
import type { Verdict } from './verdict.ts';

/** Where on the ladder the target stands. Times are the loop's monotonic milliseconds. */
export type Stage =
  | { readonly at: 'calm' }
  | { readonly at: 'warned'; readonly sinceMs: number; readonly calmSinceMs: number | undefined }
  | {
      readonly at: 'clamped';
      readonly sinceMs: number;
      readonly tasks: number;
      readonly isDumped: boolean;
      readonly recededSinceMs: number | undefined;
    }
  | { readonly at: 'terminating'; readonly sinceMs: number; readonly tasks: number }
  | { readonly at: 'killed'; readonly sinceMs: number };

/** What the loop must do now, in this order. */
export type Effect = 'warn' | 'trip' | 'clamp' | 'release' | 'dump' | 'terminate' | 'kill';

export interface Look {
  readonly nowMs: number;
  readonly tasks: number;
  readonly verdict: Verdict;
  /** Creations refused since the last look; `undefined` where the kernel does not count them. */
  readonly refusedNow: number | undefined;
  /** Refused since the clamp, and in how many looks. */
  readonly refusedSinceClamp: number;
  readonly looksRefused: number;
  /** Whether it is growing by hundreds of processes at once with nothing to hold it: no clamp would. */
  readonly isUnholdable: boolean;
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
 * warn → clamp → dump → terminate → kill, as far as `settings.until` goes.
 */
export function escalate(settings: Settings, stage: Stage, look: Look): { stage: Stage; effects: Effect[] } {
  switch (stage.at) {
    case 'calm':
    case 'warned':
      return fromFree(settings, stage, look);
    case 'clamped':
      return fromClamped(settings, stage, look);
    case 'terminating':
      return fromTerminating(settings, stage, look);
    case 'killed':
      return { stage, effects: [] };
    default:
      return stage satisfies never;
  }
}

type Free = Extract<Stage, { at: 'calm' | 'warned' }>;

function fromFree(settings: Settings, stage: Free, look: Look): { stage: Stage; effects: Effect[] } {
  const { nowMs, tasks, verdict } = look;
  if (verdict.level === 'trip') {
    if (!reaches(settings.until, 'clamp')) return warn(stage, nowMs);
    if (look.isUnholdable && reaches(settings.until, 'kill')) {
      const evidence: Effect[] = settings.dumpTimeoutMs > 0 ? ['dump'] : [];
      return { stage: { at: 'killed', sinceMs: nowMs }, effects: ['trip', ...evidence, 'kill'] };
    }
    const next: Stage = { at: 'clamped', sinceMs: nowMs, tasks, isDumped: false, recededSinceMs: undefined };
    return { stage: next, effects: ['trip', 'clamp'] };
  }
  if (verdict.level === 'warn') return warn(stage, nowMs);
  if (stage.at === 'calm') return { stage, effects: [] };
  const calmSinceMs = stage.calmSinceMs ?? nowMs;
  return { stage: nowMs - calmSinceMs >= CALM_AFTER_MS ? { at: 'calm' } : { ...stage, calmSinceMs }, effects: [] };
}

function warn(stage: Free, nowMs: number): { stage: Stage; effects: Effect[] } {
  if (stage.at === 'warned') return { stage: { ...stage, calmSinceMs: undefined }, effects: [] };
  return { stage: { at: 'warned', sinceMs: nowMs, calmSinceMs: undefined }, effects: ['warn'] };
}

function fromClamped(
  settings: Settings,
  stage: Extract<Stage, { at: 'clamped' }>,
  look: Look,
): { stage: Stage; effects: Effect[] } {
  const { nowMs, tasks } = look;
  if (!stage.isDumped && settings.dumpTimeoutMs > 0 && reaches(settings.until, 'dump')) {
    // The clamp holds, so there is time: one look later the target has settled and is worth a picture.
    return { stage: { ...stage, isDumped: true }, effects: ['dump'] };
  }
  if (reaches(settings.until, 'terminate') && mustEnd(settings, stage, look)) {
    // No grace means no SIGTERM: signalling thousands of processes one by one takes longer than ending them.
    if (settings.graceMs === 0 && reaches(settings.until, 'kill'))
      return { stage: { at: 'killed', sinceMs: nowMs }, effects: ['kill'] };
    const next: Stage = { at: 'terminating', sinceMs: nowMs, tasks };
    return { stage: next, effects: ['terminate'] };
  }
  if (tasks > stage.tasks * RELEASE_BELOW) return { stage: { ...stage, recededSinceMs: undefined }, effects: [] };
  const recededSinceMs = stage.recededSinceMs ?? nowMs;
  if (nowMs - recededSinceMs < RELEASE_AFTER_MS) return { stage: { ...stage, recededSinceMs }, effects: [] };
  return { stage: { at: 'warned', sinceMs: nowMs, calmSinceMs: nowMs }, effects: ['release'] };
}

function mustEnd(settings: Settings, stage: Extract<Stage, { at: 'clamped' }>, look: Look): boolean {
  // Where refusals are not counted nobody can tell whether it pushes; unknown is never safe.
  if (look.refusedNow === undefined) return true;
  const isPushing = look.refusedSinceClamp >= PUSHING_REFUSALS || look.looksRefused >= PUSHING_LOOKS;
  const isReceding = look.tasks <= stage.tasks * RELEASE_BELOW;
  const isOutOfTime = look.nowMs - stage.sinceMs >= settings.patienceMs;
  return isPushing || (isOutOfTime && !isReceding);
}

function fromTerminating(
  settings: Settings,
  stage: Extract<Stage, { at: 'terminating' }>,
  look: Look,
): { stage: Stage; effects: Effect[] } {
  if (!reaches(settings.until, 'kill')) return { stage, effects: [] };
  const { nowMs, tasks } = look;
  // A target that still makes tasks after SIGTERM is not ending: more grace only costs the host.
  const isStillCreating = tasks > stage.tasks || (look.refusedNow ?? 0) > 0;
  if (nowMs - stage.sinceMs < settings.graceMs && !isStillCreating) return { stage, effects: [] };
  return { stage: { at: 'killed', sinceMs: nowMs }, effects: ['kill'] };
}
