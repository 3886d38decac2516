import type { OptionFacts } from './commandFacts.ts';

const BEGIN = '<!-- The tables of flags are made by scripts/docs.mjs; changes here are lost. -->';
const END = '<!-- End of the tables of flags. -->';

/** A page with the tables of flags between its two markers made anew. Throws where a marker is missing. */
export function withFlagTables(page: string, options: readonly OptionFacts[]): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page needs the lines ${BEGIN} and ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n${flagTables(options)}\n${page.slice(end)}`;
}

/** A heading and a table for each group, in Markdown. */
function flagTables(options: readonly OptionFacts[]): string {
  const groups = new Set(options.map(({ group }) => group));
  return [...groups]
    .map((group) => {
      const rows = options.filter((option) => option.group === group).map(row);
      return `### ${group}\n| flag | default | meaning |\n|---|---|---|\n${rows.join('\n')}\n`;
    })
    .join('\n');
}

function row({ choices, defaultText, docs, help, long, value }: OptionFacts): string {
  const flag = `\`${`${long} ${value}`.trim()}\``;
  // One word is what one would type; more are an explanation.
  const told = defaultText === undefined ? '' : /\s/.test(defaultText) ? defaultText : `\`${defaultText}\``;
  const taken = choices.length === 0 ? '' : `: ${choices.map((word) => `\`${word}\``).join(', ')}`;
  const text = `${help}${taken}${docs === '' ? '' : `. ${docs}`}`;
  return `| ${[flag, told, text].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
