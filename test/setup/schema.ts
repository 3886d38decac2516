import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { SchemaName } from '../../src/documents/allSchemas.ts';

const dir = join(import.meta.dirname, '../../schema');
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  formats: { 'date-time': (text) => !Number.isNaN(Date.parse(text)) },
});
const known = new Map<string, ValidateFunction>();

/** What a document has that its shipped schema does not allow: empty when it is as promised. */
export function schemaErrors(name: `${SchemaName | 'config'}.json`, document: unknown): string[] {
  const validate = known.get(name) ?? ajv.compile(JSON.parse(readFileSync(join(dir, name), 'utf8')) as object);
  known.set(name, validate);
  validate(document);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** The same for a document as somebody reads it: after JSON, which knows neither `undefined` nor infinity. */
export function writtenErrors(name: `${SchemaName | 'config'}.json`, document: unknown): string[] {
  return schemaErrors(name, JSON.parse(JSON.stringify(document)));
}
