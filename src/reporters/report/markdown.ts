import { escapeText, formatCount } from '../../core/units.ts';
import { CEILING_COLUMNS } from './ceilingRows.ts';
import type { Page } from './page.ts';

const SHOWN_GROUPS = 20;

/** The report as Markdown, for an issue or a chat. Of the groups the first 20. */
export function reportMarkdown(page: Page): string {
  const lines = [`# ${inline(page.headline)}`, ''];
  for (const [name, value] of page.facts) lines.push(`- ${name}: ${inline(value)}`);
  lines.push('', '## Who makes the threads', '');
  if (page.creators.length === 0) lines.push('Nobody was caught making one.');
  for (const { path, source, text } of page.creators) {
    lines.push(`- **${inline(text)}** (${inline(source)})`, ...path.map((frame) => `  - ${code(frame)}`));
  }
  lines.push('', '## What the threads do', '');
  for (const { count, frames, grew, names, site, wait } of page.groups.slice(0, SHOWN_GROUPS)) {
    const where = site === '' ? '' : ` in ${code(site)}`;
    lines.push(`- **${formatCount(count)}** ${inline(wait)}${where} (+${formatCount(grew)}; ${inline(names)})`);
    lines.push(...frames.map(({ isSite, text }) => `  - ${code(text)}${isSite ? ' ←' : ''}`));
  }
  if (page.groups.length > SHOWN_GROUPS)
    lines.push(`- and ${formatCount(page.groups.length - SHOWN_GROUPS)} more groups`);
  lines.push('', '## What was done', '', '| from the trip | action | |', '|---|---|---|');
  for (const { action, at, message } of page.steps)
    lines.push(`| ${inline(at)} | ${inline(action)} | ${inline(message)} |`);
  lines.push('', '## Ceilings', '', `| ${CEILING_COLUMNS.join(' | ')} |`, `|${'---|'.repeat(CEILING_COLUMNS.length)}`);
  for (const row of page.ceilings) lines.push(`| ${row.map(inline).join(' | ')} |`);
  lines.push('', '## What was seen, and what was not', '', ...page.coverage.map((line) => `- ${inline(line)}`));
  lines.push('', '## Next steps', '', ...page.next.map((line) => `- ${inline(line)}`), '');
  return lines.join('\n');
}

/** Printable text without any mark of Markdown; `&` is one, it could begin an entity. */
function inline(text: string): string {
  return escapeText(text).replace(/[\\`*_[\]<>|#&~]/g, '\\$&');
}

/** A code span. Nothing in it is special but its own mark. */
function code(text: string): string {
  return `\`${escapeText(text).replaceAll('`', 'ˋ')}\``;
}
