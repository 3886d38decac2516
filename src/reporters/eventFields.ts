import { ceilingLabel } from '../core/ceiling.ts';
import type { ContainedEvent, DumpEvent, ExitEvent, GuardEvent } from '../policy/event.ts';
import { verdictText } from './verdictText.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An opinion is spread out, with its sentence as `reason`; the other warnings have fields of their own. */
export function opinionFields(event: Extract<GuardEvent, { event: 'trip' | 'warn' }>): Fields {
  if (event.event === 'warn' && event.about !== 'line') return warningFields(event);
  const { dryRun, maps, opinion, tasks } = event;
  const { level: _, shapeText: __, ...facts } = opinion;
  return { ...facts, reason: verdictText(opinion), tasks, maps, ...(dryRun === true ? { dryRun } : {}) };
}

function warningFields(event: Exclude<Extract<GuardEvent, { event: 'warn' }>, { about: 'line' }>): Fields {
  if (event.about !== 'refusal') {
    const { event: _, ...rest } = event;
    return rest;
  }
  const { about, ceiling, evidence, tasks, verdict } = event;
  return { about, refusedBy: ceiling.name, path: ceiling.path, verdict, evidence, tasks };
}

export function containedFields(event: ContainedEvent): Fields {
  const { binding, by, cannot, cap, fallbacks, intervalMs, line } = event;
  const at = binding === null ? null : ceilingLabel(binding);
  return { by, cap, cannot, fallbacks, intervalMs, binding: at, line };
}

export function exitFields(event: ExitEvent): Fields {
  const { cgroupRemoved, dropped, ended, incident, leftTasks, stoppedByGuard, summary } = event;
  const evidence = incident === undefined ? {} : { incident };
  return { ...ended, ...summary, stoppedByGuard, leftTasks, cgroupRemoved, dropped, ...evidence };
}

/** The stacks are in the incident; the log has how much was seen. */
export function dumpFields({ dryRun, findings, postMortem, tasks }: DumpEvent): Fields {
  const seen = findings === undefined ? {} : { covered: findings.coverage.covered, found: findings.coverage.found };
  const died = postMortem === undefined ? {} : { cause: postMortem.cause };
  return { tasks, ...seen, ...died, ...(dryRun === true ? { dryRun } : {}) };
}
