/** Names of options, variables and headers whose values are secrets. docs/evidence.md lists them. */
const SECRET =
  /pass(word|wd|phrase)?$|pwd$|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|auth(orization)?$|credential|cookie|session|jwt|bearer|signature|dsn$/i;
const HIDDEN = '[redacted]';

/** The words of a command without what looks like a secret. A secret is known by its name, never by its value. */
export function redactWords(words: readonly string[]): string[] {
  let isValueNext = false;
  return words.map((word) => {
    const isValue = isValueNext && !word.startsWith('-');
    isValueNext = false;
    if (isValue) return HIDDEN;
    const pair = /^(-{0,2}[\w.:-]+)=(.*)$/s.exec(word);
    if (pair !== null && SECRET.test(nameOf(pair[1] as string))) return `${pair[1]}=${HIDDEN}`;
    const header = /^([\w-]+):\s/.exec(word);
    if (header !== null && SECRET.test(header[1] as string)) return `${header[1]}: ${HIDDEN}`;
    if (/^--?[\w.-]+$/.test(word) && SECRET.test(nameOf(word))) isValueNext = true;
    return redactUrl(word);
  });
}

/**
 * `scheme://user:password@host` without the password, anywhere in a word. Of the scheme only the last letter is looked at:
 * an expression for all of it begins anew at each of its letters.
 */
function redactUrl(text: string): string {
  return text.replace(/([a-z0-9+.-]:\/\/[^/\s:@]*):[^/\s@]+@/gi, `$1:${HIDDEN}@`);
}

function nameOf(option: string): string {
  return option.replace(/^-+(D|J|X+:?)?/, '');
}
