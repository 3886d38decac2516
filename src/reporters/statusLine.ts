import { formatCount } from '../core/units.ts';

const BARS = '▁▂▃▄▅▆▇█';

/** The last values as a row of bars between the lowest and the highest shown; a flat row stays at the bottom. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const bottom = Math.min(...shown);
  const range = Math.max(...shown) - bottom;
  return shown.map((value) => BARS[range === 0 ? 0 : Math.floor(((value - bottom) / range) * 7)]).join('');
}

/** One line for a terminal: what the target holds, where it goes and what would stop it. Never wider than `columns`. */
export function statusLine(
  state: {
    readonly tasks: number;
    readonly maps: number | undefined;
    readonly perSecond: number;
    readonly history: readonly number[];
    readonly stage: string;
    readonly binding: string | undefined;
    readonly line: number | undefined;
    readonly context: string;
  },
  columns: number,
): string {
  const growth = `${state.perSecond >= 0 ? '+' : ''}${formatCount(state.perSecond)}/s`;
  const parts = [
    `${sparkline(state.history, 20)} ${formatCount(state.tasks)}${state.line === undefined ? '' : `/${formatCount(state.line)}`} tasks ${growth}`,
    ...(state.maps === undefined ? [] : [`${formatCount(state.maps)} maps`]),
    ...(state.binding === undefined ? [] : [state.binding]),
    ...(state.context === '' ? [] : [state.context]),
    state.stage,
  ];
  let text = parts.join(' · ');
  while (parts.length > 1 && text.length >= columns) {
    parts.pop();
    text = parts.join(' · ');
  }
  return text.slice(0, Math.max(0, columns - 1));
}
