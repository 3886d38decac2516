import type * as z from 'zod';

/**
 * A schema that describes exactly this type: `describing<Document>()(z.strictObject({ … }))`. A field too many or too few,
 * one that is optional on one side only, or one of another type does not compile. So a document and its schema cannot
 * drift apart. A field that may be `undefined` is one that JSON leaves out: it is optional.
 */
export function describing<Document>(): <Schema extends z.ZodType>(
  schema: IsSame<Written<z.output<Schema>>, Written<Document>> extends true ? Schema : never,
) => z.ZodType<Document> {
  return (schema) => schema as unknown as z.ZodType<Document>;
}

/** The fields of an object, for schemas that have others beside them; held against their type in the same way. */
export function describingFields<Fields>(): <Shape extends z.ZodRawShape>(
  shape: IsSame<Written<z.output<z.ZodObject<Shape, z.core.$strict>>>, Written<Fields>> extends true ? Shape : never,
) => ShapeOf<Fields> {
  return (shape) => shape as unknown as ShapeOf<Fields>;
}

/** Schemas of the fields of a type. */
export type ShapeOf<Fields> = {
  readonly [Key in keyof Fields]-?: undefined extends Fields[Key]
    ? z.ZodExactOptional<z.ZodType<Exclude<Fields[Key], undefined>>>
    : z.ZodType<Fields[Key]>;
};

/**
 * A type as JSON has it: `readonly` and intersections say nothing there, and `undefined` is absent. What may be absent is
 * wrapped, so that two types are the same exactly when each is assignable to the other.
 */
type Written<T> = T extends readonly (infer Item)[]
  ? readonly Written<Item>[]
  : T extends object
    ? {
        readonly [Key in keyof T]-?: undefined extends T[Key]
          ? MayBeAbsent<Written<Exclude<T[Key], undefined>>>
          : Written<T[Key]>;
      }
    : T;

interface MayBeAbsent<T> {
  readonly value: T;
}

type IsSame<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
