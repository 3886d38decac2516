import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const dir = join(import.meta.dirname, '../../schema');
const read = (name: string): object => JSON.parse(readFileSync(join(dir, name), 'utf8'));
const ajv = new Ajv2020({ allErrors: true, formats: { 'date-time': (text) => !Number.isNaN(Date.parse(text)) } });
ajv.addSchema(read('stacks.json'));
const known = new Map<string, ValidateFunction>();

/** What a document has that its shipped schema does not allow: empty when it is as promised. */
export function schemaErrors(name: 'incident.json' | 'dump.json', document: unknown): string[] {
  const validate = known.get(name) ?? ajv.compile(read(name));
  known.set(name, validate);
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
