import { type Budget, budgetKey, budgets, tightestTaskBudget } from '../core/budget.ts';
import { bindingCeiling, ceilingLabel } from '../core/ceiling.ts';
import { type Growth, measureGrowth, taskSeries } from '../core/forecast.ts';
import { allowanceTasks, leashTasks } from '../core/leash.ts';
import type { Ceiling, Sample } from '../core/model.ts';
import { reaches } from '../core/model.ts';
import { Ring } from '../core/ring.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import { errnoOf } from '../errors.ts';
import { intervalMs, MAX_INTERVAL_MS, MIN_INTERVAL_MS } from '../policy/cadence.ts';
import { type Effect, escalate, type Stage } from '../policy/escalation.ts';
import type { Settings } from '../policy/settings.ts';
import { decideVerdict, type Verdict } from '../policy/verdict.ts';
import type { GuardEvent, Reporter } from '../reporters/event.ts';
import type { Holder } from './holder.ts';
import type { MapsWatch } from './mapsWatch.ts';
import type { Surroundings } from './surroundings.ts';

/** What the loop needs from outside. It owns all mutable state; everything else answers questions. */
export interface GuardParts {
  readonly settings: Settings;
  readonly holder: Holder;
  readonly surroundings: Surroundings;
  readonly maps: MapsWatch;
  readonly report: Reporter;
  /** Writes the evidence and returns a sentence about it. */
  readonly dump: (facts: DumpFacts) => string;
  /** Reaps orphans that came to the guard. */
  readonly reap: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface DumpFacts {
  readonly verdict: Verdict;
  readonly ceilings: readonly Ceiling[];
  readonly samples: readonly Sample[];
  readonly tasks: number;
}

/** State that a status line or a summary shows. */
export interface GuardView {
  readonly tasks: number;
  readonly maps: number | undefined;
  readonly growth: Growth;
  readonly stage: Stage['at'];
  readonly binding: Ceiling | undefined;
  readonly line: number | undefined;
  readonly history: readonly number[];
}

const SAMPLE_EVENT_EVERY_MS = 1_000;
/** Samples for the growth windows are kept this far apart: the ring then reaches back over the long one. */
const RING_EVERY_MS = 25;
const RING_SIZE = 1_300;
/** Verifying a kill: thousands of processes can take seconds to go when every core is busy. */
const KILL_MS = 5_000;
/** A loop that is this busy for this long goes slower: nothing is urgent for ever. */
const URGENT_FOR_MS = 2_000;
const SETTLED_INTERVAL_MS = 50;

/** measure → decide → measure again → act → report, until `stop`. */
export class Guard {
  readonly #parts: GuardParts;
  readonly #ring = new Ring<Sample>(RING_SIZE);
  readonly #actions: Record<string, number> = {};
  #stage: Stage = { at: 'calm' };
  #timer: NodeJS.Timeout | undefined;
  #startedMs = 0;
  #dueMs = 0;
  #latenessMs = 0;
  #fastest = 0;
  #peakTasks = 0;
  #peakMaps: number | undefined;
  #refused = 0;
  #refusedAtClamp = 0;
  #looksRefused = 0;
  #leashHits = 0;
  #cap: number | 'max' = 'max';
  #growth: Growth = { shortPerSecond: 0, longPerSecond: 0, gained: 0 };
  #baseline = new Map<string, number>();
  #baselineRemaining = new Map<string, number>();
  #ceilings: Ceiling[] = [];
  #budgets: Budget[] = [];
  #nearest: { label: string; share: number } | undefined;
  #lastSampleEventMs = Number.NEGATIVE_INFINITY;
  #last: Sample = { timeMs: 0, tasks: 0, maps: undefined, refused: undefined };
  #stopped = false;
  #killing: Promise<void> | undefined;

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  /** Reads every ceiling once and works out budgets and the first leash: all before the child starts. */
  rehearse(): { ceilings: readonly Ceiling[]; budgets: readonly Budget[]; cap: number | 'max'; intervalMs: number } {
    this.#ceilings = this.#parts.surroundings.readCeilings();
    this.#budgets = this.#workOutBudgets(0, 0);
    for (const budget of this.#budgets) this.#baseline.set(budgetKey(budget.ceiling), budget.allowed);
    for (const ceiling of this.#ceilings) {
      if (typeof ceiling.additionalThreads === 'number')
        this.#baselineRemaining.set(budgetKey(ceiling), ceiling.additionalThreads);
    }
    this.#cap = this.#nextCap(0);
    return {
      ceilings: this.#ceilings,
      budgets: this.#budgets,
      cap: this.#cap,
      intervalMs: this.#nextInterval(0, false),
    };
  }

  /** Begins to look. The child is running, under the cap of `rehearse`. */
  start(): void {
    this.#startedMs = this.#parts.now();
    this.#dueMs = this.#startedMs;
    this.#last = { ...this.#last, timeMs: this.#startedMs };
    this.look();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** The clock stood still (the job was stopped): the gap is no lateness, and no growth rate. */
  resume(): void {
    this.#dueMs = this.#parts.now();
    this.#last = { ...this.#last, timeMs: this.#dueMs };
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
    const { holder, now, reap, settings } = this.#parts;
    while (this.#stage.at === 'terminating' && !settings.dryRun && reaches(settings.until, 'kill')) {
      reap();
      if (holder.isEmpty() || this.#stopped) return;
      if (now() - this.#stage.sinceMs >= settings.graceMs) this.#carryOutLast();
      else await new Promise((resolve) => setTimeout(resolve, MIN_INTERVAL_MS));
    }
    await this.#killing;
  }

  #carryOutLast(): void {
    this.#stage = { at: 'killed', sinceMs: this.#parts.now() };
    this.#carryOut('kill', { level: 'trip' }, this.#last);
  }

  get wasStopped(): boolean {
    return (this.#stage.at === 'terminating' || this.#stage.at === 'killed') && !this.#parts.settings.dryRun;
  }

  view(): GuardView {
    const samples = this.#ring.items();
    return {
      tasks: this.#last.tasks,
      maps: this.#last.maps,
      growth: this.#growth,
      stage: this.#stage.at,
      binding: bindingCeiling(this.#ceilings),
      line: this.#line(),
      history: samples.map(({ tasks }) => tasks),
    };
  }

  summary(): {
    peakTasks: number;
    peakMaps: number | undefined;
    nearest: { label: string; share: number } | undefined;
    refused: number | undefined;
    actions: Record<string, number>;
  } {
    return {
      peakTasks: this.#peakTasks,
      peakMaps: this.#peakMaps,
      nearest: this.#nearest,
      refused: this.#parts.holder.refused(),
      actions: this.#actions,
    };
  }

  look(): void {
    if (this.#stopped) return;
    const nowMs = this.#parts.now();
    this.#latenessMs = Math.max(nowMs - this.#dueMs, this.#latenessMs * 0.9);
    const sample = this.#measure(nowMs);
    const refusedNow = sample.refused === undefined ? undefined : sample.refused - this.#refused;
    this.#refused = sample.refused ?? 0;
    this.#noteLeash(sample, refusedNow);
    const verdict = this.#decide(nowMs, sample, refusedNow);
    const { stage, effects } = escalate(this.#parts.settings, this.#stage, {
      nowMs,
      tasks: sample.tasks,
      verdict,
      refusedNow,
      refusedSinceClamp: this.#refused - this.#refusedAtClamp,
      looksRefused: this.#looksRefused,
    });
    this.#stage = stage;
    for (const effect of effects) this.#carryOut(effect, verdict, sample);
    if (stage.at === 'calm' || stage.at === 'warned') this.#moveLeash(sample.tasks);
    this.#reportSample(nowMs, sample);
    this.#schedule(sample, refusedNow);
  }

  #measure(nowMs: number): Sample {
    const { holder, maps, surroundings } = this.#parts;
    const tasks = holder.tasks(nowMs);
    maps.look(nowMs, tasks, () => holder.processes());
    const sample = { timeMs: nowMs, tasks, maps: maps.heaviest?.maps, refused: holder.refused() };
    const elapsedMs = nowMs - this.#last.timeMs;
    if (elapsedMs > 0) {
      // Half forgotten every 30 s: one start-up burst must not keep the guard awake for a day. Two looks a
      // hair apart measure nothing: the child's own first task would count as thousands a second.
      const rate = ((tasks - this.#last.tasks) * 1000) / Math.max(elapsedMs, MIN_INTERVAL_MS);
      this.#fastest = Math.max(rate, this.#fastest * 0.5 ** (elapsedMs / 30_000));
    }
    this.#last = sample;
    const latest = this.#ring.last();
    if (latest === undefined || nowMs - latest.timeMs >= RING_EVERY_MS) this.#ring.push(sample);
    this.#ceilings = surroundings.readCeilings();
    this.#budgets = this.#workOutBudgets(tasks, sample.maps ?? 0);
    this.#noteNearest(sample);
    return sample;
  }

  #workOutBudgets(tasks: number, maps: number): Budget[] {
    return budgets(this.#ceilings, { tasks, maps }, this.#parts.settings.budget, this.#baseline);
  }

  #decide(nowMs: number, sample: Sample, refusedNow: number | undefined): Verdict {
    this.#growth = measureGrowth(taskSeries(this.#ring.items()));
    const verdict = decideVerdict(this.#parts.settings, {
      nowMs,
      startedMs: this.#startedMs,
      tasks: sample.tasks,
      peakTasks: this.#peakTasks,
      maps: sample.maps,
      budgets: this.#budgets,
      baselineRemaining: this.#baselineRemaining,
      growth: this.#growth,
      refusedNow,
      leashHits: this.#leashHits,
      tripShare: this.#parts.holder.tripShare,
    });
    this.#peakTasks = Math.max(this.#peakTasks, sample.tasks);
    if (sample.maps !== undefined) this.#peakMaps = Math.max(this.#peakMaps ?? 0, sample.maps);
    return verdict;
  }

  #noteLeash(sample: Sample, refusedNow: number | undefined): void {
    const isRefused = (refusedNow ?? 0) > 0;
    if (this.#stage.at === 'clamped') this.#looksRefused += isRefused ? 1 : 0;
    const isBelowLine = typeof this.#cap === 'number' && this.#cap < (this.#line() ?? Number.POSITIVE_INFINITY);
    this.#leashHits = isRefused && isBelowLine && sample.tasks > 0 ? this.#leashHits + 1 : 0;
  }

  #noteNearest(sample: Sample): void {
    for (const budget of this.#budgets) {
      const value = budget.ceiling.unit === 'maps' ? (sample.maps ?? 0) : sample.tasks;
      const share = value / budget.allowed;
      if (share > (this.#nearest?.share ?? 0)) this.#nearest = { label: ceilingLabel(budget.ceiling), share };
    }
  }

  /** The number of tasks at which the target trips, or `undefined` when nothing sets one. */
  #line(): number | undefined {
    const allowed = tightestTaskBudget(this.#budgets)?.allowed ?? Number.POSITIVE_INFINITY;
    const line = Math.min(allowed, this.#parts.settings.maxTasks ?? Number.POSITIVE_INFINITY);
    return Number.isFinite(line) ? line : undefined;
  }

  #nextCap(tasks: number): number | 'max' {
    const line = this.#line();
    const { settings } = this.#parts;
    if (line === undefined || settings.dryRun || !reaches(settings.until, 'clamp')) return 'max';
    const allowance = allowanceTasks({
      budget: line,
      fastestPerSecond: Math.min(this.#fastest, line),
      intervalMs: Math.min(MAX_INTERVAL_MS, this.#dueMs === 0 ? 0 : MIN_INTERVAL_MS),
      latenessMs: this.#latenessMs,
      fixed: settings.leash,
    });
    return leashTasks(tasks, allowance, line);
  }

  #moveLeash(tasks: number): void {
    if (!this.#parts.holder.isHeld) return;
    const cap = this.#nextCap(tasks);
    if (cap === this.#cap) return;
    this.#cap = cap;
    this.#parts.holder.setCap(cap);
  }

  #carryOut(effect: Effect, verdict: Verdict, sample: Sample): void {
    this.#actions[effect] = (this.#actions[effect] ?? 0) + 1;
    const { holder, settings } = this.#parts;
    const act = (intent: string, action: () => unknown, fields: Record<string, unknown> = {}): void => {
      let message = intent;
      try {
        if (!settings.dryRun) {
          const said = action();
          if (typeof said === 'string') message = said;
        }
      } catch (error) {
        this.#tell('error', `${effect} failed: ${errnoOf(error)}`, { action: effect });
        return;
      }
      this.#tell(effect, settings.dryRun ? `would have: ${message}` : message, { tasks: sample.tasks, ...fields });
    };
    switch (effect) {
      case 'warn':
      case 'trip':
        this.#tell(effect, verdict.reason ?? 'a line is near', {
          ...verdict,
          tasks: sample.tasks,
          maps: sample.maps,
          level: undefined,
        });
        return;
      case 'clamp': {
        // Act first: the clamp holds before anything is said, and it is set to what is there now.
        const cap = holder.isHeld && typeof this.#cap === 'number' ? this.#cap : Number.POSITIVE_INFINITY;
        const tasks = Math.min(holder.tasks(this.#parts.now()), cap);
        this.#refusedAtClamp = this.#refused;
        this.#looksRefused = 0;
        act(
          `growth stopped at ${formatCount(tasks)} tasks`,
          () => {
            if (holder.clamp(tasks)) this.#cap = tasks;
            else throw new Error('the kernel did not take it');
          },
          { cap: tasks },
        );
        return;
      }
      case 'release':
        act('the target has receded; the cap follows it again', () => {
          this.#cap = this.#nextCap(sample.tasks);
          holder.release(this.#cap);
        });
        return;
      case 'dump':
        act('evidence', () =>
          this.#parts.dump({
            verdict,
            ceilings: this.#ceilings,
            samples: [...this.#ring.items().filter(({ timeMs }) => timeMs < sample.timeMs), sample],
            tasks: sample.tasks,
          }),
        );
        return;
      case 'terminate':
        act(`SIGTERM to the whole tree; SIGKILL follows after ${formatDuration(settings.graceMs)}`, () =>
          holder.signal('SIGTERM'),
        );
        return;
      case 'kill':
        if (settings.dryRun) act('SIGKILL to the whole tree', () => {});
        else this.#killing ??= this.#killTree();
        return;
      default:
        effect satisfies never;
    }
  }

  /** Rounds of SIGKILL until the tree is seen empty; what survives KILL_MS of it is listed. */
  async #killTree(): Promise<void> {
    const { holder, now, reap } = this.#parts;
    const startMs = now();
    let isEmpty = false;
    let round = 0;
    do {
      // cgroup.kill reaches everything at once; repeating it is for the walk, and harmless.
      if (round % 10 === 0) holder.killRound();
      round += 1;
      reap();
      isEmpty = holder.isEmpty();
      if (!isEmpty) await new Promise((resolve) => setTimeout(resolve, 2));
    } while (!isEmpty && now() - startMs < KILL_MS);
    const emptyMs = now() - startMs;
    const survivors = isEmpty ? [] : holder.processes();
    const text = isEmpty
      ? `whole tree gone in ${formatDuration(emptyMs)}`
      : `survivors after ${formatDuration(emptyMs)}: pid ${survivors.join(', ')}`;
    this.#tell('kill', text, { emptyMs: Math.round(emptyMs * 10) / 10, survivors });
  }

  #tell(event: GuardEvent['event'], message: string, fields: Record<string, unknown>): void {
    const { dryRun } = this.#parts.settings;
    this.#parts.report({ event, message, fields: dryRun ? { ...fields, dryRun } : fields });
  }

  #reportSample(nowMs: number, sample: Sample): void {
    if (nowMs - this.#lastSampleEventMs < SAMPLE_EVENT_EVERY_MS) return;
    this.#lastSampleEventMs = nowMs;
    const binding = bindingCeiling(this.#ceilings);
    this.#tell('sample', `${sample.tasks} tasks`, {
      tasks: sample.tasks,
      maps: sample.maps,
      refused: sample.refused,
      cap: this.#cap,
      growthPerSecond: Math.round(this.#growth.shortPerSecond * 10) / 10,
      binding: binding === undefined ? null : ceilingLabel(binding),
      additionalThreads: binding?.additionalThreads ?? null,
      latenessMs: Math.round(this.#latenessMs * 10) / 10,
    });
  }

  #nextInterval(tasks: number, isRefused: boolean): number {
    const { holder } = this.#parts;
    const line = holder.isHeld ? this.#cap : (this.#line() ?? Number.POSITIVE_INFINITY) * holder.tripShare;
    return intervalMs({
      isHeld: holder.isHeld,
      distanceTasks: line === 'max' ? Number.POSITIVE_INFINITY : line - tasks,
      fastestPerSecond: this.#fastest,
      isUrgent: isRefused,
    });
  }

  #schedule(sample: Sample, refusedNow: number | undefined): void {
    let wait = this.#nextInterval(sample.tasks, (refusedNow ?? 0) > 0);
    if ('sinceMs' in this.#stage && this.#stage.at !== 'warned') {
      wait = this.#parts.now() - this.#stage.sinceMs < URGENT_FOR_MS ? MIN_INTERVAL_MS : SETTLED_INTERVAL_MS;
    }
    this.#dueMs = this.#parts.now() + wait;
    if (!this.#stopped) this.#timer = setTimeout(() => this.look(), wait);
  }
}
