import { ceilingDocument, ceilingLabel } from '../core/ceiling.ts';
import type { ContainedEvent, DumpEvent, ExitEvent, GuardEvent, StartEvent } from '../policy/event.ts';
import type { ContainedLine, DumpLine, EventLines, ExitLine, OpinionLine, StartLine } from '../schemas/eventLines.ts';
import { verdictText } from './verdictText.ts';

/** An opinion is spread out, with its sentence as `reason`; the other warnings have fields of their own. */
export function warningFields(event: Extract<GuardEvent, { event: 'warn' }>): EventLines['warn'] {
  if (event.about === 'line') return opinionFields(event);
  if (event.about !== 'refusal') {
    const { event: _, ...rest } = event;
    return rest;
  }
  const { about, ceiling, evidence, tasks, verdict } = event;
  return { about, refusedBy: ceiling.name, path: ceiling.path, verdict, evidence, tasks };
}

export function opinionFields({
  dryRun,
  maps,
  opinion,
  tasks,
}: Omit<Extract<GuardEvent, { event: 'trip' }>, 'event'>): OpinionLine {
  const { level: _, shapeText: __, ...facts } = opinion;
  return { ...facts, reason: verdictText(opinion), tasks, maps, ...(dryRun === true ? { dryRun } : {}) };
}

export function startFields({ attempt, ceilings, command, scheduling }: StartEvent): StartLine {
  return { command, scheduling, ceilings: ceilings.map(ceilingDocument), attempt };
}

export function containedFields(event: ContainedEvent): ContainedLine {
  const { binding, by, cannot, cap, fallbacks, intervalMs, line, recordsCreators } = event;
  const at = binding === null ? null : ceilingLabel(binding);
  return { by, cap, cannot, fallbacks, intervalMs, recordsCreators, binding: at, line };
}

export function exitFields(event: ExitEvent): ExitLine {
  const { cgroupRemoved, dropped, ended, endedTasks, incident, leftTasks, stoppedByGuard, summary } = event;
  const evidence = incident === undefined ? {} : { incident };
  return { ...ended, ...summary, stoppedByGuard, leftTasks, endedTasks, cgroupRemoved, dropped, ...evidence };
}

/** The stacks are in the incident; the log has how much was seen. */
export function dumpFields({ dryRun, findings, postMortem, tasks }: DumpEvent): DumpLine {
  const seen = findings === undefined ? {} : { covered: findings.coverage.covered, found: findings.coverage.found };
  const died = postMortem === undefined ? {} : { cause: postMortem.cause };
  return { tasks, ...seen, ...died, ...(dryRun === true ? { dryRun } : {}) };
}
