import { ceilingLabel } from '../core/ceiling.ts';
import { CEILING_KINDS } from '../core/ceilingTable.ts';
import type { RefusalMessage } from '../core/messages.ts';
import type { CeilingClass } from '../core/model.ts';
import type { Explanation } from '../core/refusal.ts';
import { escapeText } from '../core/units.ts';
import type { ExplanationDocument, LogDocument } from '../schemas/explainSchema.ts';

/** `threadguard explain` for people. */
export function explanationText(subject: string, explanation: Explanation): string {
  const { verdict, ceiling, evidence, alternatives, settle } = explanation;
  const lines = [headline(escapeText(subject), explanation)];
  for (const text of evidence) lines.push(`  ${escapeText(text)}`);
  if (alternatives.length > 0) lines.push(`  or: ${alternatives.map(ceilingLabel).map(escapeText).join(', ')}`);
  if (verdict !== 'none' && ceiling !== undefined) lines.push(`  raise it: ${ceiling.raise}`);
  if (settle !== undefined) lines.push(`  to be sure: ${settle}`);
  return `${lines.join('\n')}\n`;
}

function headline(subject: string, { verdict, ceiling }: Explanation): string {
  if (verdict === 'none') return `nothing was refused to ${subject}`;
  if (ceiling === undefined) return `${verdict}: no ceiling refused ${subject} anything`;
  const verb = ceiling.effect === 'kills' ? 'killed' : 'refused';
  return `${verdict}: ${escapeText(ceilingLabel(ceiling))} ${verb} ${subject}`;
}

/** The document of `explain --json`. */
export function explanationDocument(subject: string, explanation: Explanation): ExplanationDocument {
  const { verdict, ceiling, evidence, alternatives, settle } = explanation;
  return {
    schema: 'threadguard.explain/1',
    subject,
    verdict,
    ceiling: ceiling?.name ?? null,
    path: ceiling?.path ?? null,
    evidence,
    alternatives: alternatives.map(ceilingLabel),
    settle: settle ?? null,
    raise: ceiling?.raise ?? null,
  };
}

/** The document of `explain --log FILE --json`. */
export function logDocument(path: string, messages: readonly LogMessage[]): LogDocument {
  return {
    schema: 'threadguard.explain/1',
    log: path,
    messages: messages.map(({ line, message: { errno, ...message } }) => ({
      line,
      message: errno === undefined ? message : { ...message, errno },
    })),
  };
}

/** What a line of a log says of a refusal. Lines count from 1. */
export interface LogMessage {
  readonly line: number;
  readonly message: RefusalMessage;
}

const TASK_LIMITS = namesOf('tasks');
const MAP_LIMITS = namesOf('maps', 'address space');

/** What the words of a log can mean, without the process that wrote them. */
const MEANS: Readonly<Record<RefusalMessage['wanted'], string>> = {
  thread: `${TASK_LIMITS} (EAGAIN of clone); or, because glibc says the same for a stack that it cannot map, ${MAP_LIMITS}`,
  process: `${TASK_LIMITS} for EAGAIN; CommitLimit or memory for ENOMEM`,
  map: `${MAP_LIMITS}: seldom the memory of the machine`,
  any: 'a limit on tasks for EAGAIN (Resource temporarily unavailable), on address space for ENOMEM (Cannot allocate memory)',
};

/** The ceilings of some classes, as an enumeration: `a, b or c`. */
function namesOf(...classes: readonly CeilingClass[]): string {
  const names = CEILING_KINDS.filter((kind) => classes.includes(kind.class)).map(({ name }) => name);
  return names.join(', ').replace(/, (?=[^,]*$)/, ' or ');
}

/** What was found in a log, line by line, and what it can mean. */
export function logText(found: readonly LogMessage[]): string {
  const lines = found.map(
    ({ line, message }) =>
      `line ${line} (${message.runtime}, wanted a ${message.wanted === 'any' ? 'task or map' : message.wanted}): ${escapeText(message.text)}`,
  );
  for (const wanted of new Set(found.map(({ message }) => message.wanted)))
    lines.push(`a refused ${wanted === 'any' ? 'call' : wanted} means: ${MEANS[wanted]}`);
  lines.push('no log says which one it was: use threadguard explain -- COMMAND, or explain --pid while it lives');
  return `${lines.join('\n')}\n`;
}
