import type { MakerProcess } from '../creators/makers/frameReader.ts';
import type { ShellWord } from './shellWords.ts';

/**
 * Whether what the maker had on its stack is there still, at the highest place where it was: then the call that put it there has
 * not returned.
 */
export function isStillThere(
  { highestAt, value }: Pick<ShellWord, 'highestAt' | 'value'>,
  { native }: { readonly native: Pick<MakerProcess['native'], 'source'> },
): boolean {
  return highestAt > 0 && native.source.readWord(highestAt) === value;
}
