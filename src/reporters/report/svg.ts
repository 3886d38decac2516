import type { Chart } from './chart.ts';

const WIDTH = 960;
const HEIGHT = 300;
const LEFT = 64;
const RIGHT = 16;
const TOP = 26;
const BOTTOM = 34;

/**
 * The chart as a drawing, for a page without scripts and for paper. Its colours come from classes of the page. `safe`
 * escapes the labels.
 */
export function chartSvg({ lines, marks, seconds, tasks }: Chart, safe: (text: string) => string): string {
  if (seconds.length === 0) return '<p class="quiet">No samples were kept.</p>';
  const first = seconds[0] as number;
  const last = most(0, [...marks.map(({ at }) => at), seconds.at(-1) as number]);
  const top = 1.08 * most(1, [...tasks, ...lines.map(({ value }) => value)]);
  const x = (second: number): number =>
    LEFT + ((second - first) / Math.max(1e-6, last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const at = (value: number): string => value.toFixed(1);
  const points = seconds.map((second, index) => `${at(x(second))},${at(y(tasks[index] ?? 0))}`);
  const area = `${at(x(first))},${at(y(0))} ${points.join(' ')} ${at(x(seconds.at(-1) as number))},${at(y(0))}`;
  const grid = ticks(top, 4).map(
    (value) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(value))}" y2="${at(y(value))}"/>` +
      `<text class="tick" x="${LEFT - 8}" y="${at(y(value) + 4)}" text-anchor="end">${value.toLocaleString('en-US')}</text>`,
  );
  const times = ticks(last - first, 5, first).map(
    (second) =>
      `<text class="tick" x="${at(x(second))}" y="${HEIGHT - 12}" text-anchor="middle">${Number(second.toFixed(2))} s</text>`,
  );
  const ceilings = lines.map(
    ({ label, value }, index) =>
      `<line class="ceiling" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(value))}" y2="${at(y(value))}"/>` +
      `<text class="ceiling-label" x="${LEFT + 6}" y="${at(y(value) - 5 + (index % 2) * 18)}">${safe(label)}</text>`,
  );
  const actions = spread(marks, x).map(
    ({ label, level, mark }) =>
      `<line class="mark" x1="${at(mark)}" x2="${at(mark)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>` +
      `<text class="mark-label" x="${at(mark - 4)}" y="${TOP + 12 + 14 * level}" text-anchor="end">${safe(label)}</text>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="tasks over time, with ceilings and actions">${grid.join('')}${times.join('')}<polygon class="area" points="${area}"/><polyline class="tasks" points="${points.join(' ')}"/>${ceilings.join('')}${actions.join('')}</svg>`;
}

/** Small bars that show when the threads of a group began. */
export function timelineSvg(timeline: readonly number[]): string {
  const highest = most(1, timeline);
  const bars = timeline.map((count, index) => {
    const height = count === 0 ? 0 : Math.max(1, (count / highest) * 22);
    return height === 0
      ? ''
      : `<rect x="${index * 4}" y="${(24 - height).toFixed(1)}" width="3" height="${height.toFixed(1)}"/>`;
  });
  return `<svg class="spark" viewBox="0 0 ${timeline.length * 4} 24" role="img" aria-label="when its threads began">${bars.join('')}</svg>`;
}

/** Not with `Math.max(...)`: a long list is too many arguments. */
function most(least: number, values: readonly number[]): number {
  return values.reduce((highest, value) => Math.max(highest, value), least);
}

/** Round numbers over `span` from `first` on, about `count` of them. */
function ticks(span: number, count: number, first = 0): number[] {
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(Math.max(raw, 1e-6)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw) ?? raw;
  const found: number[] = [];
  const from = Math.ceil(first / step) * step;
  // Counted, not added up: a step may be too small to move a large number.
  for (let index = 0; index <= 2 * count && from + index * step <= first + span; index += 1)
    found.push(from + index * step);
  return found;
}

/** Actions follow each other within milliseconds, so labels that are close go below one another. */
function spread(
  marks: Chart['marks'],
  x: (second: number) => number,
): { label: string; mark: number; level: number }[] {
  const placed: { label: string; mark: number; level: number }[] = [];
  for (const { at, label } of marks) {
    const mark = x(at);
    const near = placed.filter((one) => mark - one.mark < 70);
    placed.push({ label, mark, level: near.length === 0 ? 0 : Math.max(...near.map(({ level }) => level)) + 1 });
  }
  return placed;
}
