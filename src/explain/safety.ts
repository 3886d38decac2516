import { bindingCeiling, ceilingLabel } from '../core/ceiling.ts';
import type { Ceiling } from '../core/model.ts';
import type { Explanation } from '../core/refusal.ts';

/** This much of a ceiling that the whole machine shares is left to the others. */
const RESERVE_SHARE = 0.05;

/** A cap that keeps a command from taking the last 5 % of what the whole machine shares. */
export interface SafetyCap {
  readonly tasks: number | 'max';
  /** The ceiling that it keeps the command away from. */
  readonly for: Ceiling | undefined;
}

export const NO_CAP: SafetyCap = { tasks: 'max', for: undefined };

/** The cap before the tightest shared ceiling; none where no shared ceiling has a number. */
export function safetyCap(ceilings: readonly Ceiling[]): SafetyCap {
  const binding = bindingCeiling(ceilings.filter(isShared));
  if (binding === undefined) return NO_CAP;
  return { tasks: Math.max(1, Math.floor(Number(binding.additionalThreads) - reserveOf(binding))), for: binding };
}

/** The shared ceiling whose last 5 % the command has reached; for a command that nothing holds. */
export function almostOut(ceilings: readonly Ceiling[]): Ceiling | undefined {
  return ceilings.filter(isShared).find((row) => Number(row.additionalThreads) < reserveOf(row));
}

/** The explanation for a command that was stopped before the machine ran out. Nobody saw that refusal. */
export function keptFrom(ceiling: Ceiling): Explanation {
  return {
    verdict: 'inferred',
    ceiling,
    evidence: [
      `${ceilingLabel(ceiling)} is next: it was stopped with 5% of ${ceiling.limit} ${ceiling.unit} left for the rest of the machine`,
    ],
    alternatives: [],
    settle: 'run it on a machine that may run out, with --to-the-end',
  };
}

function isShared(ceiling: Ceiling): boolean {
  return ceiling.scope === 'host' || ceiling.scope === 'pid-namespace';
}

/** The reserve, in threads. */
function reserveOf(ceiling: Ceiling): number {
  const perThread = Number(ceiling.remaining) / Math.max(1, Number(ceiling.additionalThreads));
  return (Number(ceiling.limit) / perThread) * RESERVE_SHARE;
}
