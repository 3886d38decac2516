import { bindingCeiling, ceilingLabel } from '../core/ceiling.ts';
import type { Ceiling } from '../core/model.ts';
import { redactWords } from '../core/redact.ts';
import { formatCount } from '../core/units.ts';
import type { Track } from '../engine/track.ts';
import type { ContainedEvent } from '../policy/event.ts';
import type { Line } from '../policy/lines.ts';
import type { ChildTarget } from '../targets/contracts.ts';
import type { Session } from './session.ts';

/** What will happen to the target, and at which number. */
interface Plan {
  readonly target: ChildTarget;
  readonly fallbacks: readonly string[];
  readonly attempt: number;
  /** Whether the kernel records who makes its tasks. */
  readonly recordsCreators: boolean;
  readonly ceilings: readonly Ceiling[];
  readonly plan: ReturnType<Track['rehearse']>;
  /** What could not be had in this run, each a sentence. */
  readonly losses: readonly string[];
}

/** Says what will be done before anything is done. */
export function announce(session: Session, plan: Plan): void {
  const { options, report, start } = session;
  const { attempt, ceilings } = plan;
  const command = redactWords(options.command);
  report({ event: 'start', command, scheduling: start.standing.scheduling, ceilings, attempt });
  report(containedEvent(session, plan, command));
}

function containedEvent(
  { outlets, settings, start }: Session,
  { attempt, ceilings, fallbacks, losses, plan, recordsCreators, target }: Plan,
  command: readonly string[],
): ContainedEvent {
  const { dryRun, graceMs, rules, until, warnAt } = settings.now;
  const { brake, hold } = target;
  return {
    event: 'contained',
    attempt,
    command,
    by: hold.kind,
    holder: plan.around === undefined ? hold.description : aroundText(plan.around),
    isHeld: brake.isHeld,
    cap: plan.cap,
    cannot: [...(plan.around === undefined ? hold.cannot : HELD_FROM_OUTSIDE), ...start.losses, ...losses],
    fallbacks,
    intervalMs: plan.intervalMs,
    recordsCreators,
    binding: bindingCeiling(ceilings) ?? null,
    line: plan.tasks === undefined ? null : { warnAt: Math.ceil(plan.tasks.at * warnAt), ...told(plan.tasks) },
    maps: plan.maps === undefined ? null : told(plan.maps),
    until,
    graceMs,
    dryRun,
    policies: rules.map(({ name }) => name),
    metrics: outlets.exposed.address ?? null,
  };
}

const HELD_FROM_OUTSIDE = [
  'the limit protects what is outside of it: whatever else is inside can run short of tasks until the command is stopped',
  'the kernel keeps the command from nothing below that limit, so a trip is seen at the budget or a little above it',
];

function aroundText(ceiling: Ceiling): string {
  const limit = typeof ceiling.limit === 'number' ? formatCount(ceiling.limit) : ceiling.limit;
  return `${ceilingLabel(ceiling)} (${limit} tasks), which stands around it`;
}

function told({ at, cause, ceiling }: Line): { readonly tripAt: number; readonly setBy: string } {
  return { tripAt: at, setBy: cause === 'budget' ? `budget on ${ceiling}` : ceiling };
}
