import { namedCreators } from '../../core/creators.ts';
import type { Dumper } from './dumper.ts';

/** Ruby names a thread after the line that made it. Its stacks are the native ones. */
export const rubyDumper: Dumper = {
  name: 'names of Ruby threads',
  runtime: 'ruby',
  matches: ({ runtimes }) => runtimes.includes('ruby'),
  dump: () => ({ creators: { count: ({ stacks }) => namedCreators(stacks) } }),
};
