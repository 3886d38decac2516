import { errnoOf } from '../errors.ts';
import { coldIntervalMs, nextFloor, shouldWake } from '../policy/temperature.ts';
import type { Candidate } from '../targets/source.ts';
import type { Tracked } from './engine.ts';

const RETRY_MS = 1_000;

/** A target of which a few numbers are remembered: less than a kilobyte, and two reads a glance. */
export class ColdTrack implements Tracked {
  readonly candidate: Candidate;
  readonly #onWake: (cold: ColdTrack) => void;
  readonly #onProblem: (problem: string) => void;
  #floor = Number.POSITIVE_INFINITY;
  #refused = 0;
  #lookedMs = 0;
  #problem: string | undefined;

  constructor(
    candidate: Candidate,
    on: { readonly wake: (cold: ColdTrack) => void; readonly problem: (problem: string) => void },
  ) {
    this.candidate = candidate;
    this.#onWake = on.wake;
    this.#onProblem = on.problem;
  }

  get id(): string {
    return this.candidate.id;
  }

  look(nowMs: number): number | 'gone' {
    const { line, meter } = this.candidate;
    const tasks = meter.tasks(nowMs);
    if (tasks === 'gone') return 'gone';
    const refused = meter.refused() ?? 0;
    const isFirst = this.#floor === Number.POSITIVE_INFINITY;
    const floor = isFirst ? tasks : nextFloor(this.#floor, tasks, nowMs - this.#lookedMs);
    // What it was refused before it was ever looked at is an old story.
    const refusedNow = isFirst ? 0 : refused - this.#refused;
    this.#problem = undefined;
    this.#lookedMs = nowMs;
    this.#refused = refused;
    const mustWake = shouldWake({ tasks, floor: Math.min(floor, this.#floor), line, refusedNow });
    this.#floor = floor;
    if (mustWake) this.#onWake(this);
    return coldIntervalMs({ line, tasks });
  }

  failed(error: unknown): number {
    const why = errnoOf(error);
    if (this.#problem !== why) this.#onProblem(`${this.id} could not be looked at (${why}); it is tried again`);
    this.#problem = why;
    return RETRY_MS;
  }
}
