import type { CeilingClass } from './model.ts';

/**
 * Every ceiling, in the order in which the kernel checks them, which settles ties. pthread_create first maps the stack
 * (RLIMIT_AS, map count) and makes it writable (RLIMIT_DATA, commit). Then it clones: memory, RLIMIT_NPROC, threads-max,
 * pid_max, pids.max (copy_process in kernel/fork.c). `hasBudget`: `--budget` may name it.
 */
const TABLE = [
  { name: 'RLIMIT_AS', class: 'address space', hasBudget: false },
  { name: 'vm.max_map_count', class: 'maps', hasBudget: true },
  { name: 'RLIMIT_DATA', class: 'address space', hasBudget: false },
  { name: 'CommitLimit', class: 'address space', hasBudget: true },
  { name: 'memory.max', class: 'memory', hasBudget: true },
  { name: 'memory.high', class: 'memory', hasBudget: false },
  { name: 'memory.kmem.limit_in_bytes', class: 'memory', hasBudget: false },
  { name: 'MemAvailable', class: 'memory', hasBudget: true },
  { name: 'RLIMIT_NPROC', class: 'tasks', hasBudget: true },
  { name: 'kernel.threads-max', class: 'tasks', hasBudget: true },
  { name: 'kernel.pid_max', class: 'tasks', hasBudget: true },
  { name: 'pids.max', class: 'tasks', hasBudget: true },
] as const;

/** The kernel's own name of a ceiling. */
export type CeilingName = (typeof TABLE)[number]['name'];

/** What is known of a ceiling before anything is read. */
export interface CeilingKind {
  readonly name: string;
  readonly class: CeilingClass;
  /** Its place in the order of the kernel's checks; the first is 0. */
  readonly order: number;
}

/** All kinds, in the order of the kernel's checks. */
export const CEILING_KINDS: readonly (CeilingKind & { readonly name: CeilingName })[] = TABLE.map(
  ({ class: own, name }, order) => ({ name, class: own, order }),
);

/** Names that `--budget` and the configuration may use. */
export const BUDGET_NAMES: readonly string[] = TABLE.filter(({ hasBudget }) => hasBudget).map(({ name }) => name);

const kinds: ReadonlyMap<string, CeilingKind> = new Map(CEILING_KINDS.map((kind) => [kind.name, kind]));

/** The kind of a ceiling; `undefined` for a name that there is not. */
export function ceilingKind(name: string): CeilingKind | undefined {
  return kinds.get(name);
}
