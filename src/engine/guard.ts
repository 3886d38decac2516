import type { Budget } from '../core/budget.ts';
import { bindingCeiling } from '../core/ceiling.ts';
import type { Growth } from '../core/forecast.ts';
import type { Ceiling, Sample } from '../core/model.ts';
import { reaches } from '../core/model.ts';
import { formatCount } from '../core/units.ts';
import {
  intervalMs,
  isUneventful,
  LOOK_AT_LEAST_EVERY_MS,
  MIN_INTERVAL_MS,
  RULES_EVERY_MS,
} from '../policy/cadence.ts';
import { escalate, type Stage } from '../policy/escalation.ts';
import type { RuleFacts } from '../policy/rules.ts';
import { decideVerdict, type Verdict, withShape } from '../policy/verdict.ts';
import { refusalEvent, sampleEvent, toTenth } from './events.ts';
import { Fragility } from './fragility.ts';
import { Headroom } from './headroom.ts';
import { Ladder } from './ladder.ts';
import { LeashKeeper } from './leashKeeper.ts';
import type { DumpFacts, GuardParts, GuardSummary, GuardView } from './parts.ts';
import { RefusalCount } from './refusalCount.ts';
import { RefusalWatch } from './refusalWatch.ts';
import { RuleBook } from './ruleBook.ts';
import { Witness } from './witness.ts';

const SAMPLE_EVENT_EVERY_MS = 1_000;
/** A loop that is this busy for this long goes slower: nothing is urgent for ever. */
const URGENT_FOR_MS = 2_000;
const SETTLED_INTERVAL_MS = 50;
const STORM_DUMP_MS = 10;

/** measure → decide → measure again → act → report, until `stop`. */
export class Guard {
  readonly #parts: GuardParts;
  readonly #witness = new Witness();
  readonly #leash: LeashKeeper;
  readonly #ladder: Ladder;
  readonly #headroom: Headroom;
  readonly #refusals = new RefusalWatch();
  readonly #refused = new RefusalCount();
  readonly #fragility: Fragility;
  readonly #rules: RuleBook;
  #stage: Stage = { at: 'calm' };
  #timer: NodeJS.Timeout | undefined;
  #startedMs = 0;
  #dueMs = 0;
  /** What the last whole look saw. */
  #looked = { timeMs: 0, tasks: 0, maps: 0, hostTasks: 0 };
  #growth: Growth = { shortPerSecond: 0, longPerSecond: 0, gained: 0 };
  #lastSampleEventMs = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(parts: GuardParts) {
    this.#parts = parts;
    this.#headroom = new Headroom(parts.settings, parts.surroundings);
    this.#leash = new LeashKeeper(parts.settings, parts.holder, this.#witness);
    this.#fragility = new Fragility({ ...parts, cap: () => this.#leash.cap });
    this.#rules = new RuleBook(parts.settings);
    this.#ladder = new Ladder({
      ...parts,
      leash: this.#leash,
      line: () => this.#headroom.line,
      dump: (verdict, sample) => parts.dump(this.#facts(verdict, sample), this.#dumpTimeoutMs()),
    });
  }

  /** Reads every ceiling once and works out budgets and the first leash: all before the child starts. */
  rehearse(): { ceilings: readonly Ceiling[]; budgets: readonly Budget[]; cap: number | 'max'; intervalMs: number } {
    this.#headroom.rehearse();
    const { ceilings, budgets, line } = this.#headroom;
    const cap = this.#leash.rehearse(line);
    return { ceilings, budgets, cap, intervalMs: this.#nextInterval(0, false) };
  }

  /** Begins to look. The child is running, under the cap of `rehearse`. */
  start(): void {
    this.#startedMs = this.#parts.now();
    this.#dueMs = this.#startedMs;
    this.#witness.restart(this.#startedMs);
    this.look();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** The clock stood still: the job was stopped. */
  resume(): void {
    this.#witness.restart(this.#parts.now());
    this.wake();
  }

  /** Looks now instead of when it is due: the kernel said that something happened. */
  wake(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#dueMs = this.#parts.now();
    this.look();
  }

  /**
   * The child has ended. What was begun is finished: the rest of a tree that is being terminated gets
   * its grace and is then killed, and a kill is verified. Resolves when no more will be done.
   */
  async settled(): Promise<void> {
    const { holder, now, reap } = this.#parts;
    const settings = this.#rules.settings;
    while (this.#stage.at === 'terminating' && !settings.dryRun && reaches(settings.until, 'kill')) {
      reap();
      if (holder.isEmpty() || this.#stopped) return;
      if (now() - this.#stage.sinceMs < settings.graceMs) {
        await new Promise((resolve) => setTimeout(resolve, MIN_INTERVAL_MS));
        continue;
      }
      this.#stage = { at: 'killed', sinceMs: now() };
      this.#ladder.carryOut('kill', { level: 'trip' }, this.#witness.last);
    }
    await this.#ladder.settled();
  }

  get wasStopped(): boolean {
    return (this.#stage.at === 'terminating' || this.#stage.at === 'killed') && !this.#parts.settings.dryRun;
  }

  /** For one that ended by what the kernel refused it, before anything tripped; `undefined` when nothing was refused. */
  refusedFacts(ending: string): DumpFacts | undefined {
    const refused = this.#parts.holder.refused() ?? 0;
    const others = this.#refusals.all.map(({ ceiling }) => ceiling);
    if (refused === 0 && others.length === 0) return undefined;
    const { cap } = this.#leash;
    const by = others.length > 0 ? others.join(', ') : `its leash (pids.max ${cap})`;
    const often = refused === 0 ? 'a task' : refused === 1 ? 'a task once' : `tasks ${formatCount(refused)} times`;
    const reason = `${ending}, after ${by} had refused it ${often}`;
    const { last, peakTasks } = this.#witness;
    return { ...this.#facts({ level: 'trip', cause: 'refused', reason }, last), tasks: peakTasks };
  }

  view(): GuardView {
    const { last, samples } = this.#witness;
    return {
      tasks: last.tasks,
      maps: last.maps,
      growth: this.#growth,
      stage: this.#stage.at,
      binding: bindingCeiling(this.#headroom.ceilings),
      line: this.#headroom.line,
      history: samples.map(({ tasks }) => tasks),
    };
  }

  /** Every ceiling as last read. */
  get ceilings(): readonly Ceiling[] {
    return this.#headroom.ceilings;
  }

  get sinceSampleMs(): number {
    return this.#parts.now() - this.#witness.last.timeMs;
  }

  summary(): GuardSummary {
    const { lateness, nearest, peakMaps, peakTasks } = this.#witness;
    return {
      peakTasks,
      peakMaps,
      nearest,
      refused: this.#parts.holder.refused(),
      refusedBy: this.#refusals.all,
      actions: this.#ladder.actions,
      lateness: { p99Ms: toTenth(lateness.quantileMs(0.99)), worstMs: toTenth(lateness.worstMs) },
    };
  }

  /** A glance: a few numbers. Nearly always they say that nothing happened, and that is all a calm target costs. */
  #glance(): void {
    const nowMs = this.#parts.now();
    this.#witness.wokeLate(nowMs - this.#dueMs);
    const sample = this.#sample(nowMs);
    const isCalm = isUneventful({
      stage: this.#stage.at,
      sinceLookMs: nowMs - this.#looked.timeMs,
      lookEveryMs: this.#parts.settings.rules.length === 0 ? LOOK_AT_LEAST_EVERY_MS : RULES_EVERY_MS,
      tasksMoved: Math.abs(sample.tasks - this.#looked.tasks),
      hostTasksMoved: Math.abs(this.#parts.surroundings.hostTasks() - this.#looked.hostTasks),
      mapsMoved: Math.abs((sample.maps ?? 0) - this.#looked.maps),
      distanceTasks: this.#distance(sample.tasks),
      refusedNow: this.#refused.since(sample.refused),
    });
    if (!isCalm) {
      this.#consider(nowMs, sample);
      return;
    }
    this.#witness.see(sample);
    this.#reportSample(nowMs, sample);
    this.#schedule(sample, 0);
  }

  /** A whole look: every ceiling, the verdict, what follows from it. */
  look(): void {
    if (this.#stopped) return;
    const nowMs = this.#parts.now();
    this.#witness.wokeLate(nowMs - this.#dueMs);
    this.#consider(nowMs, this.#sample(nowMs));
  }

  #sample(nowMs: number): Sample {
    const { holder, maps } = this.#parts;
    // Refusals first: read after the tasks, one in between would be seen with a number below the line, and
    // at the next look, on the line, it would be old.
    const refused = holder.refused();
    const tasks = holder.tasks(nowMs);
    maps.look(nowMs, tasks, () => holder.processes());
    return { timeMs: nowMs, tasks, maps: maps.heaviest?.maps, refused };
  }

  #consider(nowMs: number, sample: Sample): void {
    const { holder, settings, surroundings } = this.#parts;
    this.#looked = { timeMs: nowMs, tasks: sample.tasks, maps: sample.maps ?? 0, hostTasks: surroundings.hostTasks() };
    this.#headroom.read(sample.tasks, sample.maps ?? 0);
    const { peakTasks } = this.#witness;
    this.#witness.see(sample);
    this.#witness.compare(sample, this.#headroom.budgets, settings);
    this.#growth = this.#witness.growth();
    const refusedNow = this.#countRefusals(sample);
    const decided = this.#decide(nowMs, sample, refusedNow, peakTasks);
    const { verdict, extra } = this.#rules.look(decided, this.#stage.at, this.#ruleFacts(nowMs, sample));
    const { stage, effects } = escalate(this.#rules.settings, this.#stage, {
      nowMs,
      tasks: sample.tasks,
      verdict,
      refusedNow,
      refusedSinceClamp: this.#refused.sinceClamp,
      looksRefused: this.#refused.looksRefused,
      isUnholdable: holder.isStorming() && !holder.isHeld,
    });
    if (stage.at === 'clamped' && this.#stage.at !== 'clamped') this.#refused.clamped();
    this.#stage = stage;
    const told = effects.includes('warn') ? withShape(verdict, this.#witness.samples) : verdict;
    for (const effect of this.#fragility.inOrder(effects)) this.#ladder.carryOut(effect, told, sample);
    for (const { effect, because } of extra) this.#ladder.carryOut(effect, because, sample);
    this.#nameRefusal(sample, refusedNow);
    if (stage.at === 'calm' || stage.at === 'warned') this.#leash.follow(sample.tasks, this.#headroom.line);
    this.#reportSample(nowMs, sample);
    this.#schedule(sample, refusedNow ?? 0);
  }

  #ruleFacts(nowMs: number, sample: Sample): RuleFacts {
    const { maxMaps } = this.#parts.settings;
    const maps = this.#headroom.budgets.find(({ ceiling }) => ceiling.unit === 'maps')?.allowed;
    const lines = {
      tasks: this.#headroom.line,
      maps: maxMaps === undefined ? maps : Math.min(maxMaps, maps ?? maxMaps),
    };
    return { nowMs, sample, samples: this.#witness.samples, lines };
  }

  /** After the actions: what refused the target something, when it was not the guard's own cap. */
  #nameRefusal(sample: Sample, refusedNow: number | undefined): void {
    const { cap } = this.#leash;
    const found = this.#refusals.look({ ceilings: this.#headroom.ceilings, tasks: sample.tasks, cap, refusedNow });
    if (found !== undefined) this.#parts.report(refusalEvent(found, sample.tasks));
  }

  #decide(nowMs: number, sample: Sample, refusedNow: number | undefined, peakTasks: number): Verdict {
    return decideVerdict(this.#parts.settings, {
      nowMs,
      startedMs: this.#startedMs,
      tasks: sample.tasks,
      peakTasks,
      maps: sample.maps,
      budgets: this.#headroom.budgets,
      baselineRemaining: this.#headroom.roomAtStart,
      growth: this.#growth,
      refusedNow,
      leashHits: this.#refused.leashHits,
      tripShare: this.#fragility.tripShare(sample.tasks, this.#headroom.line, this.#parts.holder.tripShare),
    });
  }

  #countRefusals({ refused, tasks }: Sample): number | undefined {
    const { holder } = this.#parts;
    const { cap } = this.#leash;
    return this.#refused.look({
      refused,
      tasks,
      isClamped: this.#stage.at === 'clamped',
      isLeash: typeof cap === 'number' && cap < (this.#headroom.line ?? Number.POSITIVE_INFINITY),
      isUncountedStorm: holder.isHeld && holder.isStorming(),
    });
  }

  #facts(verdict: Verdict, sample: Sample): DumpFacts {
    const before = this.#witness.samples.filter(({ timeMs }) => timeMs < sample.timeMs);
    const { ceilings, ceilingsAtStart } = this.#headroom;
    return { verdict, ceilings, ceilingsAtStart, samples: [...before, sample], tasks: sample.tasks };
  }

  /** Every millisecond of evidence on something that nothing holds lets it grow by ten processes. */
  #dumpTimeoutMs(): number {
    const { dumpTimeoutMs } = this.#parts.settings;
    return this.#stage.at === 'killed' ? Math.min(dumpTimeoutMs, STORM_DUMP_MS) : dumpTimeoutMs;
  }

  #reportSample(nowMs: number, sample: Sample): void {
    if (nowMs - this.#lastSampleEventMs < SAMPLE_EVENT_EVERY_MS) return;
    this.#lastSampleEventMs = nowMs;
    this.#parts.report(
      sampleEvent({
        sample,
        cap: this.#leash.cap,
        growth: this.#growth,
        binding: bindingCeiling(this.#headroom.ceilings),
        latenessMs: this.#witness.latenessMs,
        dryRun: this.#parts.settings.dryRun,
      }),
    );
  }

  /** Tasks from here to the next line: the leash where the kernel holds one, else the trip itself. */
  #distance(tasks: number): number {
    const { holder } = this.#parts;
    const { cap } = this.#leash;
    const line =
      holder.isHeld && cap !== 'max' ? cap : (this.#headroom.line ?? Number.POSITIVE_INFINITY) * holder.tripShare;
    return line - tasks;
  }

  #nextInterval(tasks: number, isRefused: boolean): number {
    return intervalMs({
      isHeld: this.#parts.holder.isHeld,
      distanceTasks: this.#distance(tasks),
      fastestPerSecond: this.#witness.fastestPerSecond,
      isUrgent: isRefused,
    });
  }

  #schedule(sample: Sample, refusedNow: number): void {
    if (this.#stopped) return;
    let wait = this.#nextInterval(sample.tasks, refusedNow > 0);
    if ('sinceMs' in this.#stage && this.#stage.at !== 'warned') {
      wait = this.#parts.now() - this.#stage.sinceMs < URGENT_FOR_MS ? MIN_INTERVAL_MS : SETTLED_INTERVAL_MS;
    }
    wait = Math.min(wait, this.#parts.heartbeatMs ?? wait);
    this.#parts.beat();
    this.#parts.looked(this.#parts.now() - sample.timeMs);
    this.#dueMs = this.#parts.now() + wait;
    this.#timer = setTimeout(() => this.#glance(), wait);
  }
}
