import type { CanaryVerdict, Judgement } from '../core/growth/judge.ts';
import type { LoopClock } from '../core/pacedLoop.ts';
import { answerGate, type GateAnswer, type GateState } from './gates.ts';
import type { Source } from './live.ts';
import type { MetricName } from './recording.ts';
import type { StartedCandidate } from './startCandidate.ts';
import { type CanaryResult, type WatchPlan, watchCanary } from './watchCanary.ts';

/** What a canary is asked to do. */
export interface CanaryPlan {
  /** A selector. */
  readonly baseline: string;
  /** A selector, or the words of a command that is started for it. */
  readonly candidate: { readonly selector: string } | { readonly command: readonly string[] };
  readonly watch: WatchPlan;
  /** An inconclusive verdict is watched once more, for twice as long. */
  readonly mayWaitOnce: boolean;
  /** Where rollout engines are answered, under which name. */
  readonly serve: { readonly address: string; readonly name: string } | undefined;
}

/** What is outside of a canary. A test fakes all of it. */
export interface CanaryWorld {
  readonly clock: LoopClock;
  /** Somebody wants it to end. */
  readonly stop: AbortSignal;
  /** Resolves when somebody wants it to end. */
  asked(): Promise<void>;
  open(selector: string): Source;
  /** `undefined` when it was stopped meanwhile. */
  start(command: readonly string[]): Promise<StartedCandidate | undefined>;
  /** Listens there, or throws. */
  serve(
    address: string,
    answer: (method: string, path: string) => Promise<GateAnswer>,
  ): Promise<{ readonly address: string; close(): void }>;
  /** How much of each metric a candidate may still take. */
  remainingOf(candidate: Source): (name: MetricName) => number | undefined;
  readonly report: CanaryReport;
}

/** What is said about a canary. */
export interface CanaryReport {
  serving(address: string): void;
  sampled(samples: number, elapsedMs: number, forMs: number): void;
  /** The watch is over, with a verdict or without. */
  watched(): void;
  /** The verdict. It may reject: stdout may be closed, a page may not be writable. */
  judged(result: CanaryResult): Promise<void>;
}

/**
 * Watches both, judges, and answers rollout engines. The port is taken before a candidate is started. Whatever happens,
 * the candidate is ended and the port given back before this returns or throws. `undefined`: it was stopped before there
 * was a verdict.
 */
export async function runCanary(plan: CanaryPlan, world: CanaryWorld): Promise<CanaryVerdict | undefined> {
  const baseline = world.open(plan.baseline);
  const selected = 'selector' in plan.candidate ? world.open(plan.candidate.selector) : undefined;
  const gates = plan.serve === undefined ? undefined : await openGates(plan.serve, world);
  try {
    if (gates !== undefined) world.report.serving(gates.address);
    const result = await watchBoth(plan, world, baseline, selected, (judgement) => gates?.know(judgement, false));
    if (result === undefined) return undefined;
    gates?.know(result.judgement, true);
    await world.report.judged(result);
    if (gates !== undefined) await world.asked();
    return result.judgement.verdict;
  } finally {
    gates?.close();
  }
}

/** `undefined` when it was stopped. The candidate, where it was started for this, has ended afterwards. */
async function watchBoth(
  { candidate: wanted, mayWaitOnce, watch }: CanaryPlan,
  world: CanaryWorld,
  baseline: Source,
  selected: Source | undefined,
  onJudgement: (judgement: Judgement) => void,
): Promise<CanaryResult | undefined> {
  const started = 'command' in wanted ? await world.start(wanted.command) : undefined;
  const candidate = selected ?? started?.source;
  if (candidate === undefined) return undefined;
  const once = (plan: WatchPlan): Promise<CanaryResult | undefined> =>
    watchCanary(baseline, candidate, plan, {
      clock: world.clock,
      stop: world.stop,
      remaining: world.remainingOf(candidate),
      onSample: (samples, elapsedMs) => world.report.sampled(samples, elapsedMs, plan.forMs),
      onJudgement,
    });
  try {
    const result = await once(watch);
    const isLive = baseline.kind === 'live' && candidate.kind === 'live';
    if (!mayWaitOnce || !isLive || result?.judgement.verdict !== 'inconclusive') return result;
    return await once({ ...watch, forMs: 2 * watch.forMs });
  } finally {
    await started?.stop();
    world.report.watched();
  }
}

async function openGates(
  { address, name }: { readonly address: string; readonly name: string },
  { serve }: CanaryWorld,
): Promise<{ readonly address: string; know(judgement: Judgement, isFinal: boolean): void; close(): void }> {
  let state: GateState = { name, judgement: undefined, isFinal: false };
  const server = await serve(address, (method, path) => answerGate(method, path, state));
  return {
    address: server.address,
    know: (judgement, isFinal) => {
      state = { name, judgement, isFinal };
    },
    close: () => server.close(),
  };
}
