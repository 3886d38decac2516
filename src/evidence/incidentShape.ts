/** No list of an incident is longer: a target has at most so many tasks that differ. */
const MOST_ITEMS = 50_000;

/** Says where a value is not as it should be; `undefined` if all of it is. */
type Check = (value: unknown, path: string) => string | undefined;

const text: Check = (value, path) => (typeof value === 'string' ? undefined : path);
/** A drawing is made of them: with 1e308 its steps would have no end. */
export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}
const number: Check = (value, path) => (isNumber(value) ? undefined : path);
const yesOrNo: Check = (value, path) => (typeof value === 'boolean' ? undefined : path);
/** A number, or a word for what is none: `unlimited`, `unknown`. */
const amount: Check = (value, path) => (typeof value === 'string' ? undefined : number(value, path));
const optional =
  (check: Check): Check =>
  (value, path) =>
    value === undefined ? undefined : check(value, path);
const listOf =
  (check: Check): Check =>
  (value, path) =>
    Array.isArray(value) && value.length <= MOST_ITEMS
      ? firstOf(value.map((one, index) => () => check(one, `${path}[${index}]`)))
      : path;
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
  coverage: objectOf({
    found: number,
    covered: number,
    tookMs: number,
    stops: number,
    stoppedMs: number,
    longestStopMs: optional(number),
  }),
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
const CEILING = {
  name: text,
  unit: text,
  scope: optional(text),
  path: optional(text),
  class: optional(text),
  order: optional(number),
  used: optional(amount),
  limit: optional(amount),
  remaining: optional(amount),
  additionalThreads: optional(amount),
  additionalProcesses: optional(amount),
  additionalMaps: optional(amount),
  exempt: optional(yesOrNo),
  effect: optional(text),
  confidence: optional(text),
  note: optional(text),
};
const CEILINGS = objectOf({
  before: listOf(objectOf({ ...CEILING, source: optional(text), raise: optional(text) })),
  after: listOf(objectOf({ ...CEILING, source: text, raise: text })),
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
