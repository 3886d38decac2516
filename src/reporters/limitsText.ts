import { answerLines, suggest } from '../core/answer.ts';
import { ceilingLabel } from '../core/ceiling.ts';
import type { Census } from '../core/census.ts';
import type { TaskCost } from '../core/cost.ts';
import type { Ceiling, Limit, Unit } from '../core/model.ts';
import { escapeText, formatBytes, formatCount, formatShare } from '../core/units.ts';

/** `threadguard limits` for people: the answer in words, then the table, the tightest first. */
export function limitsText(report: {
  readonly subject: { readonly label: string };
  readonly ceilings: readonly Ceiling[];
  readonly reasons: readonly string[];
  readonly failed: readonly string[];
  readonly cost: TaskCost;
}): string {
  const subject = escapeText(report.subject.label);
  const rows = [...report.ceilings].sort((a, b) => order(a) - order(b));
  const lines = [
    ...answerLines(report.ceilings, subject),
    ...report.reasons.map((reason) => `but: ${reason}`),
    '',
    ...table([
      ['CEILING', 'USED', 'LIMIT', 'THREADS', 'PROCESSES', 'MAPS', 'CONFIDENCE'],
      ...rows.map((row) => [
        escapeText(ceilingLabel(row)),
        quantity(row.used, row.unit),
        quantity(row.limit, row.unit),
        more(row.additionalThreads),
        more(row.additionalProcesses),
        more(row.additionalMaps),
        row.exempt ? 'exempt' : row.effect === 'throttles' ? 'throttles' : row.confidence,
      ]),
    ]),
    '',
    costLine(report.cost),
    ...rows.filter(isWorthANote).map((row) => `${escapeText(ceilingLabel(row))}: ${row.note}`),
    ...report.failed.map((text) => `failed: ${text}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** What to raise and what that leads to; never advice to raise everything. */
export function suggestionText(report: {
  readonly subject: { readonly label: string };
  readonly ceilings: readonly Ceiling[];
}): string {
  const { steps, stop } = suggest(report.ceilings);
  const lines = [`for more threads of ${escapeText(report.subject.label)}, in this order and no further than needed:`];
  for (const [index, { ceiling, raiseTo, exposes }] of steps.entries()) {
    lines.push(
      `${index + 1}. ${escapeText(ceilingLabel(ceiling))}: ${quantity(ceiling.limit, ceiling.unit)} allows ${more(ceiling.additionalThreads)} more. ${capital(ceiling.raise)}`,
      `   at ${quantity(raiseTo, ceiling.unit)} ${escapeText(ceilingLabel(exposes))} binds instead, after ${more(exposes.additionalThreads)}`,
    );
  }
  if (stop === undefined) {
    lines.push(
      steps.length === 0 ? 'nothing to raise: no ceiling has a number' : 'what is behind the last one is unknown',
    );
  } else {
    lines.push(
      `${steps.length === 0 ? '' : 'stop there: '}${escapeText(ceilingLabel(stop))} does not refuse, it kills, after about ${more(stop.additionalThreads)} more.`,
      'Keep at least one ceiling that refuses below that number: a refusal is an error a program survives.',
    );
  }
  return `${lines.join('\n')}\n`;
}

function order(row: Ceiling): number {
  if (typeof row.additionalThreads === 'number' && row.effect !== 'throttles') return row.additionalThreads;
  return row.additionalThreads === 'unknown' ? Number.MAX_SAFE_INTEGER : Number.MAX_VALUE;
}

function isWorthANote(row: Ceiling): boolean {
  return row.note !== undefined && (row.limit !== 'unlimited' || row.exempt);
}

function costLine({ runtime, isMeasured, stackBytes, threadBytes, threadMaps, uncertainty }: TaskCost): string {
  const maps = `${Number(threadMaps.toFixed(2))} ± ${Number(uncertainty.maps.toFixed(2))} maps`;
  const memory = `${formatBytes(threadBytes)} ± ${formatBytes(uncertainty.bytes)} of memory`;
  return `one more thread (${runtime}, ${isMeasured ? 'measured' : 'not measured'}): ${maps}, ${formatBytes(stackBytes)} of address space, ${memory}`;
}

function quantity(value: Limit, unit: Unit): string {
  if (typeof value !== 'number') return value;
  return unit === 'bytes' ? formatBytes(value) : formatCount(value);
}

function more(value: Limit): string {
  if (value === 'unlimited') return '–';
  return value === 'unknown' ? '?' : formatCount(value);
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** Columns as wide as their longest cell; the first to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const last = widths.length - 1;
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === last ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** `limits --who` for people. */
export function whoText(who: Census & { readonly memory: Readonly<Record<string, number | 'unknown'>> }): string {
  const list = (title: string, holders: readonly { name: string; tasks: number; pid?: number }[]) => [
    '',
    ...table([
      [title, 'TASKS', ''],
      ...holders.map(({ name, tasks, pid }) => [
        `${escapeText(name)}${pid === undefined ? '' : ` (pid ${pid})`}`,
        formatCount(tasks),
        `${formatShare(who.tasks === 0 ? 0 : tasks / who.tasks)}`,
      ]),
    ]),
  ];
  const { kernelStackBytes, pageTablesBytes, taskStructBytes, vmAreaBytes } = who.memory;
  const bytes = (value: number | 'unknown' | undefined) => (typeof value === 'number' ? formatBytes(value) : 'unknown');
  const lines = [
    `${formatCount(who.tasks)} tasks in ${formatCount(who.processes)} processes`,
    `kernel memory behind them: stacks ${bytes(kernelStackBytes)}, task_struct ${bytes(taskStructBytes)}, page tables ${bytes(pageTablesBytes)}, maps ${bytes(vmAreaBytes)}${taskStructBytes === 'unknown' ? ' (/proc/slabinfo is root’s)' : ''}`,
    ...list('PROCESS', who.byProcess),
    ...list('USER', who.byUser),
    ...list('CGROUP', who.byCgroup),
    ...(who.zombies === 0
      ? []
      : [
          ...list('ZOMBIES NOT REAPED BY', who.zombieParents),
          `${formatCount(who.zombies)} zombies hold a task each until their parent reaps them or ends`,
        ]),
  ];
  return `${lines.join('\n')}\n`;
}
