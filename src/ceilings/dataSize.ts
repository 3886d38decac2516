import { rlimitRow } from './rlimit.ts';
import type { CeilingRow } from './row.ts';

/** RLIMIT_DATA: private writable memory (since Linux 4.7). It refuses the mprotect that makes a stack writable. */
export const dataSize: CeilingRow = rlimitRow('RLIMIT_DATA', {
  title: 'Max data size',
  counter: 'vmDataBytes',
  hasGuard: false,
  raise: 'LimitDATA= of the unit, or ulimit -d',
});
