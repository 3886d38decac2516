import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SCHEMAS, type SchemaName } from '../../src/documents/allSchemas.ts';
import { CAUSES } from '../../src/policy/verdict.ts';
import { toJsonSchema } from '../../src/schemas/jsonSchema.ts';
import { schemaErrors } from '../setup/schema.ts';

type Json = Record<string, unknown>;

const folder = new URL('../../schema/', import.meta.url);
const read = (name: string): Json => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Json;
const names = Object.keys(SCHEMAS) as SchemaName[];

it('there is a file for every schema, and no other', () => {
  expect(readdirSync(folder).sort()).toEqual([...names, 'config'].map((name) => `${name}.json`).sort());
});

describe.for(names)('schema/%s.json', (name) => {
  it('is the one of the code: npm run docs makes it', () => {
    expect(read(`${name}.json`)).toEqual(toJsonSchema(SCHEMAS[name]));
  });
  it('says what it is of', () => {
    const { $id, $schema, title } = read(`${name}.json`);
    expect([$id, $schema]).toEqual([SCHEMAS[name].id, 'https://json-schema.org/draft/2020-12/schema']);
    expect(title).toMatch(/\S/);
  });
  it('allows no field that it does not name', () => {
    const open = objectsIn(read(`${name}.json`)).filter(
      // A table by name has no properties, but a schema for its values.
      ({ additionalProperties, properties }) => properties !== undefined && additionalProperties !== false,
    );
    // What an error may carry depends on what failed.
    expect(open.map(({ properties }) => properties)).toEqual(
      name === 'events' ? [expect.objectContaining({ event: { type: 'string', const: 'error' } })] : [],
    );
  });
  it.for([[{}], [[]], [null], ['text'], [{ schema: SCHEMAS[name].id }]])('refuses %j', ([document]) => {
    expect(schemaErrors(`${name}.json`, document)).not.toEqual([]);
  });
});

it('an incident may have tripped for every cause that there is', () => {
  const { properties } = read('incident.json') as { properties: { trip: { properties: { cause: Json } } } };
  expect(properties.trip.properties.cause['enum']).toEqual(CAUSES);
});

it('bounds that only a computer has are left out', () => {
  for (const name of names) expect(JSON.stringify(read(`${name}.json`))).not.toContain('9007199254740991');
});

function objectsIn(value: unknown): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return (value as Json)['type'] === 'object' ? [value as Json, ...inner] : inner;
}
