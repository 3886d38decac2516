import type { Sample } from '../core/model.ts';
import { errnoOf } from '../errors.ts';
import { MIN_INTERVAL_MS } from '../policy/cadence.ts';
import { type Effect, escalate, type Stage } from '../policy/escalation.ts';
import type { RefusedBy } from '../policy/event.ts';
import type { Reading } from '../policy/lines.ts';
import type { Settings } from '../policy/settings.ts';
import { ShapeMemo, unlessDenied, withShape } from '../policy/shape.ts';
import { decideVerdict, type Opinion, type Verdict } from '../policy/verdict.ts';
import type { Cap } from '../targets/contracts.ts';
import { CapKeeper } from './capKeeper.ts';
import type { Tracked } from './engine.ts';
import { HoldKeeper } from './holdKeeper.ts';
import { Ladder } from './ladder.ts';
import { Observer } from './observer.ts';
import { Pacer } from './pacer.ts';
import type { Rehearsal, TrackParts } from './parts.ts';
import { PictureTaker } from './pictureTaker.ts';
import { RefusalWatch } from './refusalWatch.ts';
import { RuleBook } from './ruleBook.ts';
import { SampleReporter } from './sampleReport.ts';

/** Evidence on something that nothing holds: each millisecond lets it grow by ten processes. */
const STORM_DUMP_MS = 10;
const RETRY_MS = 250;

/** What the engine remembers of one target: measure → decide → act → report, look after look. */
export class Track implements Tracked {
  readonly id: string;
  /** What was seen of the target. */
  readonly observer: Observer;
  readonly #parts: TrackParts;
  readonly #cap: CapKeeper;
  readonly #ladder: Ladder;
  readonly #pictures: PictureTaker;
  readonly #pacer = new Pacer();
  readonly #refusedBy: RefusalWatch;
  readonly #shape = new ShapeMemo();
  readonly #hold: HoldKeeper;
  readonly #rules: RuleBook;
  readonly #samples: SampleReporter;
  #settings: Settings;
  #stage: Stage = { at: 'calm' };
  #problem: string | undefined;

  constructor(parts: TrackParts) {
    const { evidence, settings, target } = parts;
    this.id = parts.id;
    this.#parts = parts;
    this.#settings = settings;
    this.#cap = new CapKeeper(settings, target.brake);
    this.observer = new Observer(parts, this.#cap);
    this.#rules = new RuleBook(settings);
    this.#hold = new HoldKeeper(parts, this.#cap, this.observer);
    this.#pictures = new PictureTaker(settings);
    this.#samples = new SampleReporter(parts.report);
    this.#refusedBy = new RefusalWatch(parts.report);
    this.#ladder = new Ladder({
      ...parts,
      cap: this.#cap,
      line: () => this.observer.capLine,
      lastWords: () => evidence.lastWords(),
      dump: (because, sample) => evidence.dump(this.observer.factsOf(because, sample), this.#dumpTimeoutMs()),
    });
  }

  /** Reads every ceiling once and works out the lines and the first cap: all before the child starts. */
  rehearse(): Rehearsal {
    const { observer } = this;
    observer.rehearse();
    const cap = this.#cap.rehearse(observer.capLine);
    observer.keepReserve();
    const [tasks, maps] = [observer.line('tasks'), observer.line('maps')];
    return { cap, around: observer.around, tasks, maps, intervalMs: this.#freeMs(0) };
  }

  /** The target runs, under the cap of `rehearse`; looks follow. */
  begin(): void {
    this.observer.begin();
  }

  /** The clock stood still: the job was stopped. */
  resume(): void {
    this.observer.witness.restart(this.#parts.clock.now());
  }

  /** A new snapshot of settings is in force from now on. A trip that is under way keeps the steps that it began with. */
  reload(settings: Settings): void {
    this.#settings = settings;
    for (const owner of [this.observer, this.#cap, this.#rules, this.#ladder, this.#pictures]) owner.reload(settings);
  }

  /** A glance at a few numbers. Nearly always they say that nothing happened, and that is all a calm target costs. */
  look(nowMs: number, lateMs: number): number {
    const { witness } = this.observer;
    witness.wokeLate(lateMs);
    const sample = this.observer.sample(nowMs);
    if (this.observer.isUneventful(sample, this.#stage.at, this.observer.distance(sample.tasks))) witness.see(sample);
    else this.#consider(sample);
    // A kill closes the cap for good.
    if (this.#stage.at !== 'killed') this.#hold.watch(nowMs);
    this.#problem = undefined;
    this.#samples.look(sample, this.observer, this.#settings.dryRun);
    return this.#after(sample);
  }

  failed(error: unknown): number {
    const why = errnoOf(error);
    if (this.#problem !== why) {
      const problem = `${this.id} could not be looked at (${why}); it is tried again`;
      this.#parts.report({ event: 'error', about: 'target', problem });
    }
    this.#problem = why;
    return RETRY_MS;
  }

  /** The child has ended: what was begun is finished. Resolves when no more will be done. */
  async settled(): Promise<void> {
    const last = await this.#ladder.settle(this.#stage, this.observer.witness.last);
    if (this.#stage.at !== 'killed') this.#stage = last;
  }

  /** Whether the guard ended the target, or is ending it. */
  get wasStopped(): boolean {
    return (this.#stage.at === 'terminating' || this.#stage.at === 'killed') && !this.#settings.dryRun;
  }

  /** Why it tripped, while the stage that it led to lasts. */
  get because(): Opinion | undefined {
    return 'because' in this.#stage ? this.#stage.because : undefined;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** The cap in force; `max` where the guard sets none. */
  get cap(): Cap {
    return this.#cap.cap;
  }

  /** How often each effect was carried out. */
  get actions(): Readonly<Partial<Record<Effect, number>>> {
    return this.#ladder.actions;
  }

  /** Ceilings other than the cap of the guard that refused it something. */
  get refusedBy(): readonly RefusedBy[] {
    return this.#refusedBy.all;
  }

  /** A whole look: every ceiling, the verdict, what follows from it. */
  #consider(sample: Sample): void {
    const { meter, brake } = this.#parts.target;
    const reading = this.observer.read(sample, this.#stage.at === 'clamped');
    const { series } = this.observer.witness;
    const own = unlessDenied(decideVerdict(this.#settings, reading), series, () => this.#shape.of(series));
    const { extra, reach, verdict } = this.#rules.look(own, this.observer.ruleFacts(sample, reading));
    const { refusals } = this.observer;
    const next = escalate(this.#stage, {
      nowMs: sample.timeMs,
      tasks: sample.tasks,
      verdict,
      reach,
      refusedNow: reading.refusals.now,
      refusedSinceClamp: refusals.sinceClamp,
      looksRefused: refusals.looksSinceClamp,
      isUnholdable: meter.isStorming() && !brake.isHeld,
      wantsEvidence: this.#settings.dumpTimeoutMs > 0,
    });
    if (next.stage.at === 'clamped' && this.#stage.at !== 'clamped') refusals.clamped();
    const because = this.because;
    this.#stage = next.stage;
    this.#carryOut(next.effects, verdict, this.because ?? because, sample);
    for (const { because: opinion, effect } of extra) this.#ladder.carryOut(effect, opinion, sample, reach.graceMs);
    // After the actions: what refused the target something, when it was not the cap of the guard.
    this.#refusedBy.look(this.observer.headroom.ceilings, sample.tasks, this.#cap.cap, reading.refusals.now);
    if ('because' in this.#stage) return;
    this.#takePicture(sample, reading);
    this.#hold.follow(sample.tasks);
  }

  #carryOut(effects: readonly Effect[], verdict: Verdict, because: Opinion | undefined, sample: Sample): void {
    const { graceMs } = 'reach' in this.#stage ? this.#stage.reach : this.#rules.reach;
    for (const effect of effects) {
      // What is warned of is what this look saw; every other step is the stage's own, whatever is seen meanwhile.
      const isWarning = effect === 'warn' && verdict.level !== 'ok';
      const opinion = isWarning ? withShape(verdict, this.#shape.of(this.observer.witness.series)) : because;
      if (opinion !== undefined) this.#ladder.carryOut(effect, opinion, sample, graceMs);
    }
  }

  /** Near the line, where the kernel holds it: most programs end at their first refusal, and then there is nothing to see. */
  #takePicture(sample: Sample, reading: Reading): void {
    const near = this.#pictures.due(reading);
    if (near !== undefined) this.#parts.evidence.picture(this.observer.factsOf(near, sample), this.#dumpTimeoutMs());
  }

  #dumpTimeoutMs(): number {
    const { dumpTimeoutMs } = this.#settings;
    return this.#stage.at === 'killed' ? Math.min(dumpTimeoutMs, STORM_DUMP_MS) : dumpTimeoutMs;
  }

  #freeMs(tasks: number): number {
    const { isHeldAtLine, witness } = this.observer;
    return this.#pacer.freeMs(this.observer.distance(tasks), witness.fastestPerSecond, isHeldAtLine);
  }

  /** Says that the loop turns; returns the milliseconds to the next look. */
  #after({ tasks, timeMs }: Sample): number {
    const { clock, pulse } = this.#parts;
    const nowMs = clock.now();
    this.#pacer.looked(nowMs - timeMs, nowMs);
    const freeMs = Math.min(this.#freeMs(tasks), Math.max(MIN_INTERVAL_MS, this.#parts.maps.dueInMs(nowMs)));
    const waitMs = 'because' in this.#stage ? this.#pacer.trippedMs(this.#stage, nowMs) : freeMs;
    pulse.beat();
    pulse.looked(nowMs - timeMs);
    return Math.min(waitMs, pulse.heartbeatMs ?? waitMs);
  }
}
