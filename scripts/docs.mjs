// Writes what is made from the code: the manual page, the tables of flags and the schemas. Run it after a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { factsOf } from '../dist/lib/cli/commandFacts.js';
import { allCommands } from '../dist/lib/cli/commands.js';
import { withFlagTables } from '../dist/lib/cli/flagTables.js';
import { manualPage } from '../dist/lib/cli/manual.js';
import { jsonSchema } from '../dist/lib/config/schema.js';
import { SCHEMAS } from '../dist/lib/documents/allSchemas.js';
import { toJsonSchema } from '../dist/lib/schemas/jsonSchema.js';

const at = (path) => new URL(`../${path}`, import.meta.url);
const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
const commands = (await allCommands()).map((command) => factsOf(command));
writeFileSync(at('docs/threadguard.1'), manualPage(commands, version));
const { options } = commands.find(({ name }) => name === 'run');
writeFileSync(at('docs/run.md'), withFlagTables(readFileSync(at('docs/run.md'), 'utf8'), options));
const schemas = Object.entries(SCHEMAS).map(([name, described]) => [name, toJsonSchema(described)]);
for (const [name, schema] of [...schemas, ['config', jsonSchema()]])
  writeFileSync(at(`schema/${name}.json`), `${JSON.stringify(schema, null, 2)}\n`);
