/**
 * Quantities as an operator writes them. Every `parseX` returns `undefined` for a text that it does not understand, so
 * that the caller can name the flag.
 */
const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `250ms`, `10s`, `5m`, `1h`, or `0`, in milliseconds. A bare number other than 0 is refused. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const unit = DURATION_MS[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** `50%` is 0.5. A share is more than 0 % and at most 100 %. */
export function parseShare(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text);
  if (match === null) return undefined;
  const share = Number(match[1]) / 100;
  return share > 0 && share <= 1 ? share : undefined;
}

/** A whole number from 0. `4,096` and `4_096` are understood too, but not `4,0960`. */
export function parseCount(text: string): number | undefined {
  const plain = text.replace(/(?<=\d)[,_](?=\d{3}(?!\d))/g, '');
  const count = /^\d+$/.test(plain) ? Number(plain) : undefined;
  return count !== undefined && Number.isSafeInteger(count) ? count : undefined;
}

/** `4,096`: counts for people always have separators. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/**
 * `85 ms`, `1.2 s`, `12 s`, `4 min`, `3 h`: two significant places are enough. The bounds are those of the rounded
 * number, so there is no `1000 ms` and no `10.0 s`.
 */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 119_500) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_170_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

/** `1.5 MiB`, `120 MiB`, `17 B`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (Math.round(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `12.3%`. */
export function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}

/**
 * What a terminal or a page acts on instead of showing it: control characters, marks that turn the direction of a line or
 * have no width, the separators of lines and paragraphs, halves of surrogate pairs.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Makes text of somebody else printable: safe for one line of a log, a terminal or a page. What cannot be seen is written as
 * `\xNN`, `\uNNNN` or `\u{N}`: a process may put newlines, escape sequences and marks of direction into its name. Every
 * report goes through here; a document in JSON does not, it has an escape of its own (`jsonLine`). A second time changes nothing.
 */
export function escapeText(text: string): string {
  return text.replace(UNSEEN, (c) => {
    const code = (c.codePointAt(0) ?? 0).toString(16);
    if (code.length <= 2) return `\\x${code.padStart(2, '0')}`;
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
  });
}

/** A document as one line of JSON, all of which can be seen. */
export function jsonLine(document: unknown): string {
  return `${printableJson(JSON.stringify(document))}\n`;
}

/**
 * The same JSON with what cannot be seen written as `\\uNNNN`, which every reader of JSON undoes. Line ends stay: in JSON they
 * stand between values only.
 */
export function printableJson(json: string): string {
  return json.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (c) =>
    Array.from({ length: c.length }, (_, at) => `\\u${c.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** `a`, `a and b`, `a, b and c`. */
export function formatList(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}
