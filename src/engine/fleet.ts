import { errnoOf } from '../errors.ts';
import type { Reporter } from '../policy/event.ts';
import { mayCool } from '../policy/temperature.ts';
import type { Clock } from '../sys/clock.ts';
import type { Target } from '../targets/contracts.ts';
import type { Candidate, TargetSource } from '../targets/source.ts';
import { ColdTrack } from './coldTrack.ts';
import type { Engine, Tracked } from './engine.ts';
import type { Track } from './track.ts';

interface FleetParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly report: Reporter;
  /** A rehearsed track for a target that has been opened. */
  readonly track: (id: string, target: Target) => Track;
}

/** A warm target that could not be opened is tried again after this long, if it still calls for it. */
const REOPEN_MS = 10_000;

/**
 * All targets of one source on one engine. Each begins cold; one that grows is opened and gets a track of its own, and
 * goes cold again when it has long been calm.
 */
export class Fleet {
  readonly #parts: FleetParts;
  readonly #members = new Map<string, { candidate: Candidate; tracked: Tracked; target: Target | undefined }>();
  readonly #barred = new Map<string, number>();
  #stop: (() => void) | undefined;

  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  get ids(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** Targets that have a track of their own now. */
  get warm(): readonly string[] {
    return [...this.#members].filter(([, { target }]) => target !== undefined).map(([id]) => id);
  }

  start(source: TargetSource): void {
    this.#stop = source.start({
      appeared: (candidate) => {
        // The same name again is another target: the old one is let go first.
        if (this.#members.has(candidate.id)) this.drop(candidate.id);
        const tracked = this.#cold(candidate);
        this.#members.set(candidate.id, { candidate, tracked, target: undefined });
        this.#parts.engine.add(tracked);
      },
      vanished: (id) => this.drop(id),
    });
  }

  /** Lets go of one; nothing is done to it. */
  drop(id: string): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#members.delete(id);
    this.#barred.delete(id);
    this.#parts.engine.remove(member.tracked);
    void member.target?.close();
    member.candidate.meter.close();
  }

  stop(): void {
    this.#stop?.();
    for (const id of this.ids) this.drop(id);
  }

  #cold(candidate: Candidate): ColdTrack {
    return new ColdTrack(candidate, {
      wake: (cold) => this.#warm(cold),
      problem: (problem) => this.#parts.report({ event: 'error', about: 'target', problem }),
    });
  }

  #warm(cold: ColdTrack): void {
    const { clock, engine, report } = this.#parts;
    const { candidate, id } = cold;
    const member = this.#members.get(id);
    if (member?.tracked !== cold || clock.now() < (this.#barred.get(id) ?? 0)) return;
    try {
      const target = candidate.open();
      const track = this.#parts.track(id, target);
      const warm = new WarmTrack(track, clock, () => this.#cool(id));
      this.#members.set(id, { candidate, tracked: warm, target });
      track.begin();
      engine.replace(cold, warm);
    } catch (error) {
      this.#barred.set(id, clock.now() + REOPEN_MS);
      report({ event: 'error', about: 'target', problem: `${id} grows and cannot be opened (${errnoOf(error)})` });
    }
  }

  #cool(id: string): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    void member.target?.close();
    const tracked = this.#cold(member.candidate);
    this.#members.set(id, { candidate: member.candidate, tracked, target: undefined });
    this.#parts.engine.replace(member.tracked, tracked);
  }
}

/** A track that says when it has been calm for long. */
class WarmTrack implements Tracked {
  readonly #track: Track;
  readonly #onCalm: () => void;
  readonly #clock: Clock;
  #calmSinceMs: number;

  constructor(track: Track, clock: Clock, onCalm: () => void) {
    this.#track = track;
    this.#onCalm = onCalm;
    this.#clock = clock;
    this.#calmSinceMs = clock.now();
  }

  get id(): string {
    return this.#track.id;
  }

  look(nowMs: number, lateMs: number): number {
    const waitMs = this.#track.look(nowMs, lateMs);
    const { observer, stage } = this.#track;
    const { tasks } = observer.witness.last;
    if (stage.at !== 'calm' || observer.growth.gained > 0) this.#calmSinceMs = this.#clock.now();
    const calmForMs = nowMs - this.#calmSinceMs;
    if (mayCool({ stage: stage.at, calmForMs, tasks, line: observer.taskLine })) this.#onCalm();
    return waitMs;
  }

  failed(error: unknown): number {
    return this.#track.failed(error);
  }
}
