/** Two series over the same time. */
export interface TwoSeries {
  readonly label: string;
  readonly seconds: readonly number[];
  readonly baseline: readonly number[];
  readonly candidate: readonly number[];
  /** A value as people read it. */
  readonly text: (value: number) => string;
}

const WIDTH = 960;
const HEIGHT = 220;
const LEFT = 84;
const RIGHT = 16;
const TOP = 12;
const BOTTOM = 30;

/** Both series as lines from zero, so that levels can be compared by eye. Colours come from classes of the page. */
export function twoSeriesSvg(
  { baseline, candidate, label, seconds, text }: TwoSeries,
  safe: (text: string) => string,
): string {
  const last = Math.max(1e-6, seconds.at(-1) ?? 0);
  const most = Math.max(1, ...baseline, ...candidate);
  const top = 1.08 * most;
  const x = (second: number): string => (LEFT + (second / last) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (value: number): string => (HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const line = (name: string, values: readonly number[]): string =>
    `<polyline class="${name}" points="${values.map((value, index) => `${x(seconds[index] ?? last)},${y(value)}`).join(' ')}"/>`;
  const grid = [0, 0.5, 1].map((share) => {
    const value = most * share;
    return (
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/>` +
      `<text class="tick" x="${LEFT - 8}" y="${Number(y(value)) + 4}" text-anchor="end">${safe(text(value))}</text>`
    );
  });
  const ends = [0, last].map(
    (second) =>
      `<text class="tick" x="${x(second)}" y="${HEIGHT - 8}" text-anchor="${second === 0 ? 'start' : 'end'}">${Math.round(second)} s</text>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${safe(label)} of both over time">${grid.join('')}${ends.join('')}${line('baseline', baseline)}${line('candidate', candidate)}</svg>`;
}
