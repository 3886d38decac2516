import { type Document, isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { nearest } from './nearest.ts';
import { POLICY_KEYS, WHEN_KEYS } from './policySchema.ts';
import { CONFIG_KEYS, type ConfigDocument, checkConfig } from './schema.ts';

/** One mistake in a file. Lines and columns count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string | undefined;
}

export type Parsed =
  | { readonly isGood: true; readonly document: ConfigDocument; readonly lineOf: (key: string) => number }
  | { readonly isGood: false; readonly problems: readonly Problem[] };

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** Reads the text of a configuration file: its document, or every mistake in it with its place. Never throws. */
export function parseConfig(text: string): Parsed {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: true });
  const at = (offset: number): Pick<Problem, 'line' | 'column'> => {
    const { line, col } = lines.linePos(offset);
    // An empty file has no line 1.
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (yaml.errors.length > 0) {
    return {
      isGood: false,
      problems: yaml.errors.map(({ message, pos }) => ({ ...at(pos[0]), message, hint: 'it must be YAML' })),
    };
  }
  let value: unknown;
  try {
    // Without a limit, a few lines of aliases could expand to gigabytes.
    value = yaml.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    return { isGood: false, problems: [{ ...at(0), message: (error as Error).message, hint: undefined }] };
  }
  const result = checkConfig(value);
  if ('document' in result) {
    return { isGood: true, document: result.document, lineOf: (key) => at(offsetOf(yaml, [key])).line };
  }
  // A condition with a misspelt name is also a missing condition. It is one mistake, so it is said once.
  const misspelt = new Set(
    result.issues.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => path.join()),
  );
  const issues = result.issues.filter(({ code, path }) => code !== 'custom' || !misspelt.has(path.join()));
  const problems = issues.flatMap(flatten).map((issue) => ({ ...at(offsetOf(yaml, issue.path)), ...said(issue) }));
  return { isGood: false, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}

interface Found {
  readonly path: Path;
  readonly message: string;
  readonly hint: string | undefined;
}

/** The problems of an issue: each unknown key is one. */
function flatten(issue: Issue): Found[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path);
    return issue.keys.map((key) => {
      const meant = nearest(key, known);
      return {
        path: [...issue.path, key],
        message: `unknown key ${JSON.stringify(key)}`,
        hint: meant === undefined ? `known here: ${known.join(', ')}` : `did you mean ${meant}?`,
      };
    });
  }
  return [{ path: issue.path, message: `${nameOf(issue.path)} ${sentence(issue)}`, hint: undefined }];
}

const said = ({ hint, message }: Found): Pick<Problem, 'message' | 'hint'> => ({ message, hint });

function sentence(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
    const { expected } = issue;
    return `must be ${expected === 'object' || expected === 'record' ? 'a mapping' : expected === 'array' ? 'a list' : `a ${expected}`}`;
  }
  return issue.message;
}

function nameOf(path: Path): string {
  if (path.length === 0) return 'the file';
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');
}

/** The keys that a mapping at this path can have. */
function keysAt(path: Path): readonly string[] {
  if (path.length === 0) return CONFIG_KEYS;
  return path.at(-1) === 'when' ? WHEN_KEYS : POLICY_KEYS;
}

/** Where a problem stands in the text: at the key if it is unknown, else at the value, else at the mapping that lacks it. */
function offsetOf(yaml: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? yaml.contents : yaml.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last));
      const node = length === path.length && isNode(pair?.value) && pair.value.range ? pair.value : pair?.key;
      if (isNode(node) && node.range)
        return (isScalar(pair?.key) && isUnknown(path, last) ? pair.key : node).range?.[0] ?? 0;
    }
    const node = yaml.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return (yaml.contents as Node | null)?.range?.[0] ?? 0;
}

function isUnknown(path: Path, key: PropertyKey | undefined): boolean {
  return !keysAt(path.slice(0, -1)).includes(String(key));
}
