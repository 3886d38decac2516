/** What bash prints between the words of a command (print_cmd.c), beside operators and redirections. */
const RESERVED: ReadonlySet<string> = new Set([
  '',
  'do',
  'done',
  'if',
  'then',
  'else',
  'elif',
  'fi',
  'while',
  'until',
  'for',
  'in',
  'select',
  'time',
]);
const OPERATORS = /[\s(){};&|!]+/;
/** `2>&1`, `>|`, `<&-`: its target, if it is a word, comes behind it. */
const REDIRECTIONS = /\d*[<>]+[&|]?(?:\d+-?|-)?/g;
const EDGE = /[\s(){};&|!<>]/;

/**
 * Whether a text is these words as bash prints a command: all of them, each as it stands in the script, with nothing between them but
 * what belongs to the language.
 */
export function isPrinted(text: string, words: readonly string[]): boolean {
  let at = 0;
  for (const word of words) {
    const next = text.indexOf(word, at);
    const end = next + word.length;
    if (next < 0 || !isEdge(text, next - 1) || !isEdge(text, end) || !isBetween(text.slice(at, next))) return false;
    at = end;
  }
  return words.length > 0 && isBetween(text.slice(at));
}

function isEdge(text: string, at: number): boolean {
  return EDGE.test(text[at] ?? ' ');
}

function isBetween(text: string): boolean {
  return text
    .replace(REDIRECTIONS, ' ')
    .split(OPERATORS)
    .every((token) => RESERVED.has(token));
}
