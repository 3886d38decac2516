import { frameText } from '../core/headline.ts';
import { escapeText, formatCount, formatDuration } from '../core/units.ts';
import type { DrillDocument } from '../schemas/drillSchema.ts';
import type { BombKind } from './bomb.ts';
import { type DrillFacts, type DrillSign, judgeDrill } from './judge.ts';
import type { NamedCode } from './named.ts';

/** The document of `drill --json`. */
export function drillDocument(
  facts: DrillFacts,
  about: { readonly kind: BombKind; readonly named: NamedCode | undefined; readonly tookMs: number },
): DrillDocument {
  const { budget, emptyAtMs, hold, host, leftTasks, peakTasks, sign, stoppedByGuard } = facts;
  const isGone = sign !== undefined && emptyAtMs !== undefined && leftTasks === 0;
  return {
    schema: 'threadguard.drill/1',
    ...judgeDrill(facts),
    bomb: about.kind,
    holds: hold,
    budget,
    peakTasks,
    overBudget: Math.max(0, peakTasks - budget),
    sign: sign?.by ?? null,
    emptyMs: isGone ? Math.max(0, Math.round(emptyAtMs - sign.timeMs)) : null,
    leftTasks,
    stoppedByGuard,
    named: about.named ?? null,
    host,
    tookMs: Math.round(about.tookMs),
  };
}

const AFTER: Readonly<Record<DrillSign, string>> = {
  refusal: 'after the kernel first refused it a task',
  over: 'after it went over its budget',
  trip: 'after the guard tripped',
};

/** For people: what was seen, a line each, and the verdict last. */
export function drillText(document: DrillDocument): string {
  const { bomb, budget, hint, holds, reason, tookMs, verdict } = document;
  const rows: readonly (readonly [string, string])[] = [
    ['what holds', holds.detail],
    ...holds.whyNot.map((why) => ['', why] as const),
    ['peak', peakText(document)],
    ['gone', goneText(document)],
    ['named', namedText(document)],
    ['others', hostText(document)],
  ];
  const lines = [
    `a bomb that makes ${bomb === 'threads' ? 'threads' : 'processes'}, with a budget of ${formatCount(budget)} tasks; the drill took ${formatDuration(tookMs)}`,
    ...rows.map(([name, text]) => `  ${name.padEnd(10)}  ${escapeText(text)}`),
    `${verdict}: ${escapeText(reason)}`,
    ...(hint === '' ? [] : [`  hint: ${escapeText(hint)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function peakText({ overBudget, peakTasks }: DrillDocument): string {
  return `${formatCount(peakTasks)} tasks, ${formatCount(overBudget)} over the budget`;
}

function goneText({ emptyMs, leftTasks, sign }: DrillDocument): string {
  if (sign === null) return 'it did not come to its budget';
  if (emptyMs === null) return `${formatCount(leftTasks)} tasks were left, and have been ended by the drill`;
  return `${formatDuration(emptyMs)} ${AFTER[sign]}`;
}

function namedText({ named }: DrillDocument): string {
  if (named === null) return 'nobody';
  return `${frameText(named)}, ${named.as === 'creator' ? 'caught making them' : 'where most of them stand'}`;
}

function hostText({ host }: DrillDocument): string {
  const { failed, longestGapMs, tried } = host;
  return `forked ${formatCount(tried - failed)} of ${formatCount(tried)} times; ${formatDuration(longestGapMs)} was the longest time without`;
}
