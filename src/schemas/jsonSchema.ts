import * as z from 'zod';

/** A document that others read: its name, a title for people, and what it may hold. */
export interface DescribedDocument {
  /** The value of its `schema` field, for example `threadguard.dump/1`. */
  readonly id: string;
  readonly title: string;
  readonly schema: z.ZodType;
}

/** The JSON Schema (draft 2020-12) of a document. */
export function toJsonSchema({ id, schema, title }: DescribedDocument): object {
  return {
    $id: id,
    title,
    ...z.toJSONSchema(schema, {
      io: 'input',
      unrepresentable: 'any',
      override: ({ jsonSchema }) => {
        // zod adds the bounds of safe integers. They say nothing about the document, and they hide real bounds.
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
        if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      },
    }),
  };
}
