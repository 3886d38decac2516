import type * as z from 'zod';

/**
 * A schema that describes exactly this type: `describing<Document>()(z.strictObject({ … }))`. A field too many or too few,
 * one that is optional on one side only, or one of another type does not compile. So a document and its schema cannot
 * drift apart.
 */
export function describing<Document>(): <Schema extends z.ZodType>(
  schema: Same<Plain<z.output<Schema>>, Plain<Document>> extends true ? Schema : never,
) => z.ZodType<Document> {
  return (schema) => schema as unknown as z.ZodType<Document>;
}

/** A type without `readonly` differences and intersections, which say nothing about the document. */
type Plain<T> = T extends readonly (infer Item)[]
  ? readonly Plain<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Plain<T[Key]> }
    : T;

/** Two types are the same when no conditional type can tell them apart. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
