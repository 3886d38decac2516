import { redactWords } from '../../core/redact.ts';
import type { Frame } from '../../core/stack.ts';

/** What is used of a diagnostic report of Node (version 3). All of it may be missing. */
interface NodeReport {
  readonly header?: { commandLine?: unknown };
  readonly javascriptStack?: { readonly stack?: unknown };
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
  let report: NodeReport;
  try {
    // Each worker has an environment of its own.
    report = JSON.parse(text, (key, value) => (key === ENVIRONMENT ? undefined : value)) as NodeReport;
  } catch {
    return undefined;
  }
  if (typeof report !== 'object' || report === null || report.header === undefined) return undefined;
  const workers = Array.isArray(report.workers) ? (report.workers as NodeReport[]) : [];
  for (const { header } of [report, ...workers]) {
    const words = header?.commandLine;
    if (header !== undefined) header.commandLine = Array.isArray(words) ? redactWords(words.map(String)) : [];
  }
  return {
    text: `${JSON.stringify(report)}\n`,
    stacks: [report, ...workers].map(({ javascriptStack }) => framesOf(javascriptStack?.stack)),
  };
}

function framesOf(lines: unknown): readonly Frame[] {
  if (!Array.isArray(lines)) return [];
  return lines.flatMap((line: unknown): Frame[] => {
    const match = FRAME.exec(String(line).trim());
    if (match === null) return [];
    const [, name = '', file, at] = match as unknown as [string, string | undefined, string, string];
    return [{ function: name === '' ? '(anonymous)' : name, file, line: Number(at) }];
  });
}
