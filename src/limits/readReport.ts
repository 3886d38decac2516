import { measureProcess, readKernelBytes } from '../ceilings/measure.ts';
import { CEILINGS } from '../ceilings/registry.ts';
import { openContext } from '../ceilings/subject.ts';
import { type Answer, answer } from '../core/answer.ts';
import { ceilingDocument } from '../core/ceiling.ts';
import { calibratedCost, defaultStackBytes, type TaskCost } from '../core/cost.ts';
import type { Ceiling } from '../core/model.ts';
import { errnoOf, GuardError } from '../errors.ts';
import type { IdCalls } from '../procfs/ids.ts';
import { readLimits } from '../procfs/limits.ts';
import type { KernelRoot } from '../procfs/root.ts';
import type { LimitsDocument, WhoDocument } from '../schemas/limitsSchema.ts';
import { reasonsAgainst } from './reasons.ts';
import { type Selector, select } from './select.ts';

/** All that can be said about one subject at one moment. */
export interface LimitsReport {
  readonly subject: { readonly label: string; readonly pid: number | undefined; readonly uid: number };
  readonly answer: Answer;
  /** In the order of the kernel's checks. */
  readonly ceilings: readonly Ceiling[];
  readonly reasons: readonly string[];
  /** Ceilings whose reader failed, each with the reason. */
  readonly failed: readonly string[];
  readonly cost: TaskCost;
}

/**
 * Reads every ceiling of a subject once. A reader that fails is left out alone. Throws a GuardError when there is no such
 * subject, or when nothing at all can be read (1).
 */
export function readReport(root: KernelRoot, selector: Selector, ids: IdCalls | undefined): LimitsReport {
  const { label, pid, places } = select(root, selector);
  const measured = pid === undefined ? undefined : measureProcess(root, pid);
  const stack = defaultStackBytes(readLimits(root, 'self').get('Max stack size')?.soft ?? 8 << 20);
  const cost = measured?.cost ?? calibratedCost('native', stack, readKernelBytes(root));
  const opened = openContext(root, pid ?? 'self', {
    process: () => (measured === undefined || pid === undefined ? undefined : { pid, maps: measured.maps }),
    cost: () => cost,
    ids,
    gate: once,
    isPassing: true,
  });
  const context = places === undefined ? opened : { ...opened, places };
  const failed: string[] = [];
  const ceilings = CEILINGS.flatMap((reader) => {
    try {
      return reader.open(context)();
    } catch (error) {
      failed.push(`${reader.name}: ${errnoOf(error)}`);
      return [];
    }
  });
  if (!ceilings.some(({ limit }) => limit !== 'unknown')) {
    throw new GuardError('nothing-readable', 'not one ceiling can be read here', {
      hint: 'is /proc mounted? mount -t proc proc /proc',
      exitCode: 1,
    });
  }
  return {
    subject: { label, pid, uid: context.uid },
    answer: answer(ceilings),
    ceilings,
    reasons: reasonsAgainst(root, pid, context.places),
    failed,
    cost,
  };
}

/** The document of `limits --json`; with `who` for `--who`. */
export function limitsDocument(report: LimitsReport, who?: WhoDocument): LimitsDocument {
  const { binding, ...counts } = report.answer;
  const { label, pid, uid } = report.subject;
  return {
    schema: 'threadguard.limits/1',
    subject: { label, ...(pid === undefined ? {} : { pid }), uid },
    binding: binding?.name ?? null,
    bindingPath: binding?.path ?? null,
    ...counts,
    ceilings: report.ceilings.map(ceilingDocument),
    reasons: report.reasons,
    failed: report.failed,
    cost: report.cost,
    ...(who === undefined ? {} : { who }),
  };
}

function once<T>(scan: () => T): () => T {
  let value: { readonly of: T } | undefined;
  return () => {
    value ??= { of: scan() };
    return value.of;
  };
}
