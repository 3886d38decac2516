import { bindingCeiling } from '../core/ceiling.ts';
import type { Growth } from '../core/forecast.ts';
import { type Ceiling, reaches, type Sample } from '../core/model.ts';
import { isUneventful, LOOK_AT_LEAST_EVERY_MS, RULES_EVERY_MS } from '../policy/cadence.ts';
import type { Stage } from '../policy/escalation.ts';
import { type HeldBy, type Limits, type Line, lineOf, linesOf, type Reading } from '../policy/lines.ts';
import type { RuleFacts } from '../policy/rules.ts';
import type { Settings } from '../policy/settings.ts';
import type { Opinion } from '../policy/verdict.ts';
import type { Cap } from '../targets/contracts.ts';
import type { CapKeeper } from './capKeeper.ts';
import { createdBetween, Headroom } from './headroom.ts';
import type { DumpFacts, TrackParts } from './parts.ts';
import { PenWatch } from './penWatch.ts';
import { RefusalCount } from './refusalCount.ts';
import { Witness } from './witness.ts';

const NO_GROWTH: Growth = { shortPerSecond: 0, longPerSecond: 0, gained: 0 };
/** From a decision until a signal has stopped the last process of the target, beside the lateness of the loop. */
const ACTION_MS = 50;

/** Everything that is read of one target, and what is remembered of it. It decides nothing. */
export class Observer {
  readonly witness: Witness = new Witness();
  readonly headroom: Headroom;
  readonly refusals: RefusalCount = new RefusalCount();
  readonly #parts: TrackParts;
  readonly #cap: CapKeeper;
  #settings: Settings;
  #startedMs = 0;
  #growth = NO_GROWTH;
  readonly #penWatch: PenWatch;
  #pen: Limits['pen'];
  /** The host at the beginning of this look. */
  #host = { tasks: 0, lastPid: 0 };
  /** Where the maps of one process trip, as of the last whole look. */
  #mapsLine: number | undefined;
  /** What the last whole look saw. */
  #looked = { timeMs: Number.NEGATIVE_INFINITY, tasks: 0, maps: 0, hostTasks: 0 };

  constructor(parts: TrackParts, cap: CapKeeper) {
    this.#parts = parts;
    this.#cap = cap;
    this.#penWatch = new PenWatch(parts.target.pen);
    this.#settings = parts.settings;
    this.headroom = new Headroom(parts.settings, parts.ceilings);
  }

  /** What a whole look reads, read before there is a target: the first look at it may then be a glance. */
  rehearse(): void {
    const before = this.#penWatch.tasks();
    this.headroom.rehearse();
    this.#penWatch.counted({ before, after: this.#penWatch.tasks() });
    this.#mapsLine = this.line('maps')?.at;
    this.#host = this.#parts.ceilings.host();
    this.#looked = { timeMs: this.#parts.clock.now(), tasks: 0, maps: 0, hostTasks: this.#host.tasks };
  }

  begin(): void {
    this.#startedMs = this.#parts.clock.now();
    this.witness.restart(this.#startedMs);
  }

  reload(settings: Settings): void {
    this.#settings = settings;
    this.headroom.reload(settings);
    this.#looked = { ...this.#looked, timeMs: Number.NEGATIVE_INFINITY };
  }

  get growth(): Growth {
    return this.#growth;
  }

  get binding(): Ceiling | undefined {
    return bindingCeiling(this.headroom.ceilings);
  }

  /** The tightest line of a unit; `undefined` when nothing sets one. */
  line(unit: Line['unit'], by: HeldBy = this.heldBy): Line | undefined {
    return lineOf(linesOf({ hold: { by, marginTasks: 0 }, limits: this.#limits() }), unit);
  }

  /** The number of tasks beyond which the target trips; `undefined` when nothing sets one. */
  get taskLine(): number | undefined {
    return this.line('tasks')?.at;
  }

  /** Where the kernel holds it: with RLIMIT_NPROC a little above the line, because what that refuses nobody counts. */
  get capLine(): number | undefined {
    return this.line('tasks', 'cap')?.at;
  }

  /** The cap in force; `max` where the guard sets none. */
  get cap(): Cap {
    return this.#cap.cap;
  }

  /** Tasks from here to the next line: the cap where the kernel holds one, else the trip itself. */
  distance(tasks: number): number {
    const { cap } = this.#cap;
    const isCapped = this.#parts.target.brake.isHeld && cap !== 'max';
    return (isCapped ? cap : (this.taskLine ?? Number.POSITIVE_INFINITY)) - tasks;
  }

  /** A few cheap numbers. Throws where the target cannot be read. */
  sample(nowMs: number): Sample {
    const { maps, target } = this.#parts;
    this.#parts.pulse.begins();
    this.#host = this.#parts.ceilings.host();
    // Refusals first: read after the tasks, one in between would be seen with a number below the line, and
    // at the next look, on the line, it would be old.
    const refused = target.meter.refused();
    const tasks = target.meter.tasks(nowMs);
    maps.look(nowMs, tasks, this.#mapsLine, () => target.meter.processes());
    return { timeMs: nowMs, tasks, maps: maps.heaviest?.maps, refused };
  }

  /** Whether these numbers say that a whole look would find nothing new. */
  isUneventful(sample: Sample, stage: Stage['at'], distanceTasks: number): boolean {
    return isUneventful({
      stage,
      sinceLookMs: sample.timeMs - this.#looked.timeMs,
      lookEveryMs: this.#settings.rules.length === 0 ? LOOK_AT_LEAST_EVERY_MS : RULES_EVERY_MS,
      tasksMoved: Math.abs(sample.tasks - this.#looked.tasks),
      hostTasksMoved: Math.abs(this.#host.tasks - this.#looked.hostTasks),
      mapsMoved: Math.abs((sample.maps ?? 0) - this.#looked.maps),
      distanceTasks,
      refusedNow: this.refusals.since(sample.refused),
    });
  }

  /** A whole look: every ceiling is read, and the sample is taken into account. */
  read(sample: Sample, isClamped: boolean): Reading {
    const { maps, tasks, timeMs: nowMs } = sample;
    this.#looked = { timeMs: nowMs, tasks, maps: maps ?? 0, hostTasks: this.#host.tasks };
    this.#readCeilings(sample);
    const { peakTasks } = this.witness;
    this.witness.see(sample);
    this.#pen = this.#penWatch.read(sample, this.refusals.since(sample.refused));
    const hold = this.#hold();
    const limits = this.#limits();
    const lines = linesOf({ hold, limits });
    this.witness.compare(sample, lines);
    this.#growth = this.witness.growth();
    const line = lineOf(lines, 'tasks')?.at;
    this.#mapsLine = lineOf(lines, 'maps')?.at;
    const isLeash = this.#cap.isLeash(line);
    const refusals = this.refusals.look({ nowMs, refused: sample.refused, tasks, line, isLeash, isClamped });
    const memory = this.headroom.ceilings.filter(({ unit }) => unit === 'bytes');
    const facts = { nowMs, startedMs: this.#startedMs, tasks, peakTasks, maps, growth: this.#growth };
    return { ...facts, refusals, hold, limits, memory };
  }

  #readCeilings({ maps = 0, tasks }: Sample): void {
    const { ceilings, target } = this.#parts;
    const penBefore = this.#penWatch.tasks();
    this.headroom.read({ maps }, () => {
      const [after, penAfter] = [target.meter.recount(), this.#penWatch.tasks()];
      const created = createdBetween(this.#host, ceilings.host());
      this.#penWatch.counted({ before: penBefore, after: penAfter, created });
      return { before: tasks, after, created };
    });
  }

  /** Everything that is known at this moment, for the evidence. */
  factsOf(opinion: Opinion, sample: Sample): DumpFacts {
    const before = this.witness.samples.filter(({ timeMs }) => timeMs < sample.timeMs);
    const { ceilings, ceilingsAtStart } = this.headroom;
    return { opinion, ceilings, ceilingsAtStart, samples: [...before, sample], tasks: sample.tasks };
  }

  /** What the rules of the operator are held against. */
  ruleFacts(sample: Sample, reading: Reading): RuleFacts {
    const lines = linesOf(reading);
    const at = { tasks: lineOf(lines, 'tasks')?.at, maps: lineOf(lines, 'maps')?.at };
    return { nowMs: sample.timeMs, sample, samples: this.witness.series, lines: at };
  }

  #limits(): Limits {
    const { maxMaps, maxTasks } = this.#settings;
    const { budgets, roomAtStart } = this.headroom;
    const mapsPerSecond = this.#parts.maps.perSecond;
    return { maxTasks, maxMaps, budgets, roomAtStart, mapsPerSecond, pen: this.#pen };
  }

  /** The limit of the pen, moved with what is around it. Nothing is touched where the guard only warns. */
  keepReserve(): void {
    if (this.#settings.dryRun || !reaches(this.#settings.until, 'clamp')) return;
    this.#penWatch.keepReserve(this.headroom.ceilings, this.#settings.budget.reserve);
  }

  #hold(): Reading['hold'] {
    const by = this.heldBy;
    if (by !== 'nothing') return { by, marginTasks: 0 };
    const seconds = (this.witness.latenessMs + ACTION_MS) / 1000;
    return { by, marginTasks: Math.ceil(this.witness.nowPerSecond * seconds) };
  }

  /** The limit of somebody else that holds the target; `undefined` where the guard has means of its own, or nothing holds it. */
  get around(): Ceiling | undefined {
    return this.heldBy === 'surroundings' ? this.headroom.surrounding : undefined;
  }

  /**
   * Whether the kernel refuses at the line or near it, so that nothing is lost by a late look. A limit around the target is no
   * such help where the operator drew a line of tasks far below it: a thread bomb once held 5,986 tasks of 1,000.
   */
  get isHeldAtLine(): boolean {
    const by = this.heldBy;
    return by === 'surroundings' ? this.line('tasks')?.cause !== 'max-tasks' : by !== 'nothing';
  }

  get heldBy(): HeldBy {
    const { brake, hold } = this.#parts.target;
    if (brake.isHeld) return hold.kind === 'rlimit' ? 'rlimit' : 'cap';
    return this.headroom.surrounding === undefined ? 'nothing' : 'surroundings';
  }
}
