import { redactWords } from '../../core/redact.ts';
import type { Frame } from '../../core/stack.ts';

/** What is used of a diagnostic report of Node (version 3). All of it may be missing, or something else. */
interface NodeReport {
  readonly header?: unknown;
  readonly javascriptStack?: unknown;
  readonly workers?: unknown;
}

export interface NodeStacks {
  /** The report without environment and secrets. */
  readonly text: string;
  /** The stack of the main thread, then of each worker; empty for a thread that runs no JavaScript now. */
  readonly stacks: readonly (readonly Frame[])[];
}

const ENVIRONMENT = 'environmentVariables';

/** A diagnostic report; `undefined` for text that is none, or is not whole yet. */
export function parseNodeReport(text: string): NodeStacks | undefined {
  let report: unknown;
  try {
    // Each worker has an environment of its own.
    report = JSON.parse(text, (key, value) => (key === ENVIRONMENT ? undefined : value));
  } catch {
    return undefined;
  }
  if (!isObject(report) || !isObject(report['header'])) return undefined;
  const workers = Array.isArray(report['workers']) ? report['workers'].filter(isObject) : [];
  const all: readonly NodeReport[] = [report, ...workers];
  for (const { header } of all)
    if (isObject(header)) header['commandLine'] = redactWords(textsOf(header['commandLine']));
  return {
    text: `${JSON.stringify(report)}\n`,
    stacks: all.map(({ javascriptStack }) => (isObject(javascriptStack) ? framesOf(javascriptStack['stack']) : [])),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The process writes it, and may write what it likes: even `String` of an object can throw. */
function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function framesOf(lines: unknown): readonly Frame[] {
  return textsOf(lines).flatMap((line): Frame[] => {
    const frame = parseFrame(line.trim());
    return frame === undefined ? [] : [frame];
  });
}

/** `at name (file:line:column)`, the name may be missing. Read from its end: an expression takes the square of its length. */
function parseFrame(text: string): Frame | undefined {
  if (!text.startsWith('at ')) return undefined;
  const whole = text.slice(3, text.endsWith(')') ? -1 : undefined);
  const column = whole.lastIndexOf(':');
  const line = column < 1 ? -1 : whole.lastIndexOf(':', column - 1);
  if (line < 0 || !isNumber(whole.slice(column + 1)) || !isNumber(whole.slice(line + 1, column))) return undefined;
  const place = whole.slice(0, line);
  const open = place.indexOf('(');
  const name = open < 0 ? '' : place.slice(0, place[open - 1] === ' ' ? open - 1 : open);
  return {
    function: name === '' ? '(anonymous)' : name,
    file: place.slice(open + 1),
    line: Number(whole.slice(line + 1, column)),
  };
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}
