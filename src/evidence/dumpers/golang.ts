import { goCreators, parseGoroutines } from '../go/goroutineDump.ts';
import type { Dumper } from './dumper.ts';
import { hasGoCode } from './native.ts';

/** Go: its stacks come with the native ones. When it ends, it says itself who made each goroutine. */
export const goDumper: Dumper = {
  name: 'Go',
  runtime: 'go',
  matches: hasGoCode,
  dump: () => ({ runtime: 'Go' }),
  lastWords: ({ said }) => {
    const goroutines = parseGoroutines(said);
    return {
      creators: goCreators(goroutines),
      files: goroutines.length === 0 ? [] : [{ name: 'goroutines.txt', text: said }],
    };
  },
};
