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

/** `at name (file:line:column)`, the name may be missing. */
const FRAME = /^at (?:(.*?) ?\()?(.*?):(\d+):\d+\)?$/;
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
    const match = FRAME.exec(line.trim());
    if (match === null) return [];
    const [, name = '', file, at] = match as unknown as [string, string | undefined, string, string];
    return [{ function: name === '' ? '(anonymous)' : name, file, line: Number(at) }];
  });
}
