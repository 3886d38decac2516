import { escapeText } from '../core/units.ts';
import type { DoctorDocument } from '../schemas/doctorSchema.ts';
import type { Check, Findings } from './findings.ts';

/** The document of `doctor --json`. */
export function doctorDocument(
  { containment, kernel }: Pick<Findings, 'containment' | 'kernel'>,
  checks: readonly Check[],
): DoctorDocument {
  return { schema: 'threadguard.doctor/1', kernel, containment: containment.kind, checks };
}

/** A line for each check; below one that failed, how to get what is missing. */
export function doctorText(checks: readonly Check[]): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, ok, detail, hint }) => [
    `${ok ? 'ok     ' : 'missing'}  ${name.padEnd(width)}  ${escapeText(detail)}`,
    ...(hint === '' ? [] : [`${' '.repeat(width + 11)}→ ${hint}`]),
  ]);
  return `${lines.join('\n')}\n`;
}
