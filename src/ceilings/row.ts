import { type CeilingFacts, ceilingOf } from '../core/ceiling.ts';
import { CEILING_KINDS, type CeilingKind, type CeilingName } from '../core/ceilingTable.ts';
import type { Ceiling } from '../core/model.ts';
import type { CeilingContext } from './context.ts';

/** One look at a ceiling: a row for each object that it sits on. */
export type CeilingLook = () => readonly Ceiling[];

/** Makes a ceiling of the row's own name. */
export type MakeRow = (facts: CeilingFacts) => Ceiling;

/** One ceiling: what it is, and how it is read. A row that throws is reported and left out alone. */
export interface CeilingRow extends CeilingKind {
  readonly name: CeilingName;
  /** Opens what is read at every look; returns the look itself. */
  open(context: CeilingContext): CeilingLook;
}

/** The row of a ceiling in `core/ceilingTable.ts`, which says its class and its place in the order of checks. */
export function ceilingRow(
  name: CeilingName,
  open: (context: CeilingContext, make: MakeRow) => CeilingLook,
): CeilingRow {
  const kind = CEILING_KINDS.find((one) => one.name === name) as CeilingKind & { readonly name: CeilingName };
  return { ...kind, open: (context) => open(context, (facts) => ceilingOf(kind, facts)) };
}

/** Where nothing can change there is nothing to read again: a guard looks often. */
export function constant(rows: readonly Ceiling[]): CeilingLook {
  return () => rows;
}
