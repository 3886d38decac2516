import type { Settings } from './settings.ts';

/** Decided once, at the start: another value needs a new start. */
const FIXED = ['contain', 'onGuardDeath', 'requireContainment'] as const satisfies readonly (keyof Settings)[];

/** A snapshot of settings that takes the place of another. */
export interface Reload {
  readonly settings: Settings;
  /** Settings whose new value only a new start takes. */
  readonly needsRestart: readonly string[];
}

/** The next snapshot, whole: what cannot change at run time keeps its value and is named. */
export function nextSettings(now: Settings, next: Settings): Reload {
  const kept = Object.fromEntries(FIXED.map((name) => [name, now[name]])) as Pick<Settings, (typeof FIXED)[number]>;
  return { settings: { ...next, ...kept }, needsRestart: FIXED.filter((name) => next[name] !== now[name]) };
}

/** What contradicts itself in a snapshot: sentences, none where it is sound. One that does is refused whole. */
export function contradictions(settings: Settings): string[] {
  const { budget, contain, dryRun, leash, maxTasks, requireContainment, rules } = settings;
  const found: string[] = [];
  if (requireContainment && dryRun) found.push('a dry run makes no containment, and --require-containment wants one');
  if (requireContainment && contain === 'none')
    found.push('--contain none makes none, and --require-containment wants one');
  if (leash !== undefined && maxTasks !== undefined && leash > maxTasks)
    found.push(`--leash ${leash} lets more tasks appear at once than --max-tasks ${maxTasks} allows at all`);
  if ('share' in budget.reserve && budget.reserve.share >= 1)
    found.push('--reserve 100% leaves nothing for the command');
  const names = rules.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) found.push(`two policies are called ${twice}`);
  return found;
}
