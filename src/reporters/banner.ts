import { type Budget, tightestTaskBudget } from '../core/budget.ts';
import { bindingCeiling, ceilingLabel } from '../core/ceiling.ts';
import type { Ceiling } from '../core/model.ts';
import { reaches } from '../core/model.ts';
import { formatCount, formatDuration, formatShare } from '../core/units.ts';
import type { Settings } from '../policy/settings.ts';

/** What will happen at which number, said before it happens. */
export function bannerLines(facts: {
  readonly settings: Settings;
  readonly command: string;
  readonly holder: {
    readonly description: string;
    readonly cannot: readonly string[];
    readonly isHeld: boolean;
    readonly tripShare: number;
  };
  readonly ceilings: readonly Ceiling[];
  readonly budgets: readonly Budget[];
  readonly leash: number | 'max';
  readonly fallbacks: readonly string[];
  readonly losses: readonly string[];
  readonly intervalMs: number;
  /** Where metrics are served. */
  readonly metrics: string | undefined;
}): string[] {
  const { settings, holder } = facts;
  const binding = bindingCeiling(facts.ceilings);
  const tightest = tightestTaskBudget(facts.budgets);
  const line = Math.min(settings.maxTasks ?? Number.POSITIVE_INFINITY, tightest?.allowed ?? Number.POSITIVE_INFINITY);
  const setBy =
    line === settings.maxTasks
      ? '--max-tasks'
      : tightest === undefined
        ? 'nothing'
        : `budget on ${ceilingLabel(tightest.ceiling)}`;
  const lines = [`guarding ${facts.command}`];
  if (binding !== undefined) {
    lines.push(
      `room: ${formatCount(Number(binding.additionalThreads))} more threads, bound by ${ceilingLabel(binding)} (${binding.used}/${binding.limit} ${binding.unit})`,
    );
  }
  lines.push(
    Number.isFinite(line)
      ? `warns at ${formatCount(line * holder.tripShare * settings.warnAt)} tasks, trips at ${formatCount(line * holder.tripShare)} (${setBy})${steps(settings)}`
      : 'no ceiling on tasks could be read: only --max-tasks would stop it',
  );
  const held = facts.leash === 'max' ? '' : `, leash at ${formatCount(facts.leash)} tasks`;
  lines.push(
    `held by ${holder.description}${holder.isHeld ? held : ''}; looks every ${formatDuration(facts.intervalMs)}`,
  );
  if (settings.rules.length > 0) lines.push(`policies: ${settings.rules.map(({ name }) => name).join(', ')}`);
  if (facts.metrics !== undefined) lines.push(`metrics on http://${facts.metrics}/metrics`);
  for (const text of facts.fallbacks) lines.push(text);
  for (const text of holder.cannot) lines.push(`cannot: ${text}`);
  for (const text of facts.losses) lines.push(`cannot: ${text}`);
  return lines;
}

function steps(settings: Settings): string {
  if (settings.dryRun) return '; dry run: nothing is done, only said';
  if (!reaches(settings.until, 'clamp')) return '; only warns';
  const parts = ['clamps'];
  if (reaches(settings.until, 'dump')) parts.push('dumps');
  if (reaches(settings.until, 'terminate')) parts.push('terminates');
  if (reaches(settings.until, 'kill')) parts.push(`kills after ${formatDuration(settings.graceMs)}`);
  return `; then ${parts.join(', ')}`;
}

/** What happened, in a few lines at the end. */
export function summaryLines(facts: {
  readonly outcome: string;
  readonly peakTasks: number;
  readonly peakMaps: number | undefined;
  readonly nearest: { readonly label: string; readonly share: number } | undefined;
  readonly refused: number | undefined;
  readonly refusedBy: readonly { readonly ceiling: string; readonly path?: string; readonly verdict: string }[];
  readonly actions: Readonly<Record<string, number>>;
  readonly dryRun: boolean;
  readonly incident: string | undefined;
  readonly leftTasks: number;
  readonly leftWhere: string;
  readonly dropped: number;
}): string[] {
  const maps = facts.peakMaps === undefined ? '' : `, ${formatCount(facts.peakMaps)} maps`;
  const nearest =
    facts.nearest === undefined || facts.nearest.share < 0.01
      ? ''
      : `; nearest ceiling ${facts.nearest.label} at ${formatShare(facts.nearest.share)} of its budget`;
  const lines = [`${facts.outcome}; peak ${formatCount(facts.peakTasks)} tasks${maps}${nearest}`];
  const actions = Object.entries(facts.actions).map(([name, count]) => (count === 1 ? name : `${name} ×${count}`));
  if (actions.length > 0) lines.push(`${facts.dryRun ? 'would have done' : 'actions'}: ${actions.join(', ')}`);
  if (facts.refused !== undefined && facts.refused > 0)
    lines.push(
      `the kernel refused ${formatCount(facts.refused)} new tasks${facts.refusedBy.length === 0 ? ' at the cap' : ''}`,
    );
  for (const { ceiling, path, verdict } of facts.refusedBy)
    lines.push(`refused by ${ceilingLabel({ name: ceiling, ...(path === undefined ? {} : { path }) })} (${verdict})`);
  if (facts.incident !== undefined) lines.push(`evidence: ${facts.incident}`);
  if (facts.leftTasks > 0) lines.push(`${formatCount(facts.leftTasks)} tasks of it live on (${facts.leftWhere})`);
  if (facts.dropped > 0) lines.push(`${formatCount(facts.dropped)} log lines were dropped: the reader was too slow`);
  return lines;
}
