import { rlimitRow } from './rlimit.ts';
import type { CeilingRow } from './row.ts';

/** RLIMIT_AS: all of the address space, with what is mapped and may not be touched (PROT_NONE). */
export const addressSpace: CeilingRow = rlimitRow('RLIMIT_AS', {
  title: 'Max address space',
  counter: 'vmSizeBytes',
  hasGuard: true,
  raise: 'LimitAS= of the unit, or ulimit -v',
});
