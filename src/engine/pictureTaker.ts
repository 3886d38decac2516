import { type Line, linesOf, type Reading } from '../policy/lines.ts';
import type { Settings } from '../policy/settings.ts';
import type { Opinion } from '../policy/verdict.ts';

/** A second picture just before the line: what fills the last part is what matters. */
const LAST_SHARE = 0.95;
/** Below this part of a share that was reached, reaching it again is worth a new picture. */
const AGAIN_BELOW = 0.75;

/**
 * When a picture of the target is due although nothing has tripped: at `--warn-at` of a line, and again just before it. Most
 * programs end of the first thing that is refused to them, and a picture of a corpse shows nothing.
 */
export class PictureTaker {
  #shares: readonly number[];
  /** The highest share of which there is a picture. */
  #taken = 0;

  constructor(settings: Pick<Settings, 'warnAt'>) {
    this.#shares = sharesOf(settings);
  }

  reload(settings: Pick<Settings, 'warnAt'>): void {
    this.#shares = sharesOf(settings);
  }

  /** Which line is near, when a picture is due now. Never where nothing holds the target: there is no time for it. */
  due(reading: Reading): Opinion | undefined {
    if (reading.hold.by === 'nothing') return undefined;
    const nearest = nearestOf(reading);
    if (nearest === undefined || isTooLate(nearest, reading)) return undefined;
    const { line, share, value } = nearest;
    if (share < this.#taken * AGAIN_BELOW) this.#taken = 0;
    const reached = this.#shares.findLast((one) => share >= one) ?? 0;
    if (reached <= this.#taken) return undefined;
    this.#taken = reached;
    return { level: 'warn', cause: 'budget', ceiling: line.ceiling, unit: line.unit, line: line.at, value };
  }
}

function sharesOf({ warnAt }: Pick<Settings, 'warnAt'>): readonly number[] {
  return warnAt < LAST_SHARE ? [warnAt, LAST_SHARE] : [LAST_SHARE];
}

/** No cap holds maps while the picture is taken: what it takes must be left several times over. */
const PICTURE_S = 2;

function isTooLate({ line, value }: { readonly line: Line; readonly value: number }, { limits }: Reading): boolean {
  return line.unit === 'maps' && limits.mapsPerSecond * PICTURE_S > line.at - value;
}

function nearestOf(
  reading: Reading,
): { readonly line: Line; readonly value: number; readonly share: number } | undefined {
  return linesOf(reading)
    .map((line) => ({ line, value: reading[line.unit] ?? 0, share: (reading[line.unit] ?? 0) / line.at }))
    .reduce<ReturnType<typeof nearestOf>>((best, one) => (one.share > (best?.share ?? 0) ? one : best), undefined);
}
