import { formatCount, formatDuration, formatShare } from '../core/units.ts';
import type { Cause, Opinion } from '../policy/verdict.ts';

/** The sentence for people: what was reached or is near, in numbers, and what the target has been doing. */
export function verdictText(opinion: Opinion): string {
  const shape = opinion.shapeText === undefined ? '' : `; it ${opinion.shapeText}`;
  return `${SENTENCES[opinion.cause](opinion)}${shape}`;
}

const SENTENCES: Readonly<Record<Cause, (opinion: Opinion) => string>> = {
  'max-tasks': (it) => `${amount(it)} reach --max-tasks ${line(it)}`,
  'max-maps': (it) => `${amount(it)} reach --max-maps ${line(it)}`,
  budget: (it) => {
    if (it.level === 'trip') return `${amount(it)} reach the budget of ${line(it)} on ${it.ceiling}`;
    const share = formatShare((it.value ?? 0) / (it.line ?? 1));
    return `${amount(it)} are ${share} of ${it.unit === 'maps' ? `the ${line(it)} allowed` : `${it.ceiling} (${line(it)})`}`;
  },
  forecast: (it) =>
    it.level === 'trip'
      ? `${amount(it)}, growing by ${formatCount(it.perSecond ?? 0)}/s: ${it.ceiling} is reached in ${inTime(it)}`
      : `growing by ${formatCount(it.perSecond ?? 0)} ${it.unit}/s: ${it.ceiling} (${line(it)}) is reached in ${inTime(it)}`,
  leash: (it) =>
    it.refusals === undefined
      ? `${amount(it)} appeared in a storm and pressed against the leash`
      : `the leash refused new tasks in ${it.refusals} looks in a row, at ${amount(it)}`,
  foreign: (it) =>
    `${it.ceiling} is nearly used up, but not by this target, which holds ${formatCount(it.value ?? 0)} ${it.unit}`,
  refused: (it) => `${it.ended ?? 'it ended'}, after ${it.ceiling} had refused it ${times(it.refusals ?? 0)}`,
  policy: (it) => `${[amount(it), ...conditions(it)].join(', ')} (${it.ceiling})`,
};

function amount({ unit, value }: Opinion): string {
  return value === undefined ? `an unknown number of ${unit}` : `${formatCount(value)} ${unit}`;
}

function line({ line: at }: Opinion): string {
  return at === undefined ? 'no line' : formatCount(at);
}

function inTime({ inMs }: Opinion): string {
  return formatDuration(inMs ?? Number.POSITIVE_INFINITY);
}

function times(refusals: number): string {
  if (refusals === 0) return 'a task';
  return refusals === 1 ? 'a task once' : `tasks ${formatCount(refusals)} times`;
}

/** What a rule of the operator asks for, as far as it is in the opinion. */
function conditions({ above, inMs, line: at, perSecond }: Opinion): string[] {
  const limit =
    above === undefined
      ? []
      : [
          `above ${typeof above === 'number' ? formatCount(above) : `${formatShare(above.share)} of ${formatCount(above.of)}`}`,
        ];
  const growing = perSecond === undefined ? [] : [`growing by ${formatCount(perSecond)}/s`];
  const reached = inMs === undefined ? [] : [`${formatCount(at ?? 0)} reached in ${formatDuration(inMs)}`];
  return [...limit, ...growing, ...reached];
}
