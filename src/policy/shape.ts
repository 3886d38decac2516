import { isLasting } from '../core/forecast.ts';
import type { GrowthClass } from '../core/growth/classify.ts';
import { classifySamples } from '../core/growth/samples.ts';
import type { Sample } from '../core/model.ts';
import type { Series } from '../core/ring.ts';
import { OK, type Opinion, type Verdict } from './verdict.ts';

/** A shape is of minutes; naming it takes milliseconds, and a look takes a tenth of one. */
const FRESH_MS = 2_000;

/** What the series of a target looks like, named again every few seconds at most. */
export class ShapeMemo {
  #found: GrowthClass | undefined;
  #atMs = Number.NEGATIVE_INFINITY;

  of(series: Series<Sample>): GrowthClass | undefined {
    const nowMs = series.at(-1)?.timeMs ?? 0;
    if (nowMs - this.#atMs >= FRESH_MS) {
      this.#found = classifySamples(series);
      this.#atMs = nowMs;
    }
    return this.#found;
  }
}

/** A warning that also says what the target has been doing: a pool that fills and a leak reach the same line. */
export function withShape(opinion: Opinion, found: GrowthClass | undefined): Opinion {
  if (found === undefined || opinion.level !== 'warn') return opinion;
  return { ...opinion, shape: found.shape, shapeText: found.sentence };
}

/**
 * A forecast is a straight line through the last half minute. Where the series itself goes up and down, stays, was one
 * step, or has not grown for all of that time, that line leads nowhere, and no warning is given. `shapeOf` is asked for a
 * forecast only.
 */
export function unlessDenied(
  verdict: Verdict,
  series: Series<Sample>,
  shapeOf: () => GrowthClass | undefined,
): Verdict {
  if (verdict.level !== 'warn' || verdict.cause !== 'forecast') return verdict;
  if (!isLasting(series, ({ tasks }) => tasks)) return OK;
  const found = shapeOf();
  return found?.isGrowing === true && found.perSecond > 0 ? verdict : OK;
}
