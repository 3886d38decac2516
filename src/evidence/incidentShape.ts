/** Says where a value is not as it should be; `undefined` if all of it is. */
type Check = (value: unknown, path: string) => string | undefined;

const text: Check = (value, path) => (typeof value === 'string' ? undefined : path);
const number: Check = (value, path) => (Number.isFinite(value) ? undefined : path);
const optional =
  (check: Check): Check =>
  (value, path) =>
    value === undefined ? undefined : check(value, path);
const listOf =
  (check: Check): Check =>
  (value, path) =>
    Array.isArray(value) ? firstOf(value.map((one, index) => () => check(one, `${path}[${index}]`))) : path;
const objectOf =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return path;
    const found = value as Readonly<Record<string, unknown>>;
    const within = (name: string): string => (path === '' ? name : `${path}.${name}`);
    return firstOf(
      Object.entries(fields).map(
        ([name, check]) =>
          () =>
            check(found[name], within(name)),
      ),
    );
  };

const FRAME = objectOf({ function: text, file: optional(text), line: optional(number), module: optional(text) });

/** Every field of an incident that a page is made of (schema/incident.json has all). */
const DOCUMENT = objectOf({
  time: text,
  headline: text,
  command: listOf(text),
  trip: objectOf({
    cause: optional(text),
    ceiling: optional(text),
    line: optional(number),
    value: optional(number),
    reason: optional(text),
  }),
  tasks: number,
  coverage: objectOf({ found: number, covered: number, tookMs: number, stops: number, stoppedMs: number }),
  runtimes: listOf(text),
  notes: listOf(text),
  creators: listOf(objectOf({ share: number, source: text, executor: optional(text), frames: listOf(FRAME) })),
  groups: listOf(
    objectOf({
      count: number,
      grew: number,
      wait: text,
      runtime: text,
      names: listOf(text),
      frames: listOf(FRAME),
      site: optional(FRAME),
      timeline: listOf(number),
    }),
  ),
  actions: listOf(objectOf({ time: text, action: text, message: text })),
});

/** The ceilings beside it: names and units; what else is missing counts as not known. */
const CEILINGS = objectOf({
  before: listOf(objectOf({ name: text, unit: text })),
  after: listOf(objectOf({ name: text, unit: text, source: text, raise: text })),
});

/** The first field of an incident that is missing or of another shape (`groups[3].frames`); `undefined` if all are well. */
export function oddField(document: unknown): string | undefined {
  return DOCUMENT(document, '');
}

/** Whether `limits.json` can be shown. */
export function areCeilings(found: unknown): boolean {
  return CEILINGS(found, '') === undefined;
}

function firstOf(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const odd = check();
    if (odd !== undefined) return odd === '' ? 'it' : odd;
  }
  return undefined;
}
