import type { StackGroup } from './stackGroups.ts';

/**
 * Groups as folded stacks, one a line: `root;caller;leaf;[wait] 42`. FlameGraph and speedscope read them. `;` and line
 * ends are their separators, so these are taken out of names, like all control characters.
 */
export function folded(groups: readonly StackGroup[]): string {
  return groups
    .map(({ count, frames, names, wait }) => {
      const path = [...frames].reverse().map(({ file, function: name, line }) => {
        const at =
          file === undefined
            ? ''
            : ` (${file.slice(file.lastIndexOf('/') + 1)}${line === undefined ? '' : `:${line}`})`;
        return plain(`${name}${at}`);
      });
      const words = path.length > 0 ? path : [plain(names[0]?.name ?? '?')];
      return `${words.join(';')};[${plain(wait)}] ${count}\n`;
    })
    .join('');
}

function plain(text: string): string {
  return text.replace(/[;\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '_').replace(/ (?=\d+$)/, '_');
}
