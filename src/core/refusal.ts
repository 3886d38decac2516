import { additional, ceilingLabel } from './ceiling.ts';
import type { RefusalMessage } from './messages.ts';
import type { Ceiling, Kind } from './model.ts';
import { formatCount } from './units.ts';

/** A call that was seen to fail. */
export interface FailedCall {
  readonly name: string;
  readonly errno: string;
}

/** All that was seen of a refusal. */
export interface RefusalFacts {
  /** Every ceiling when it was tightest. */
  readonly ceilings: readonly Ceiling[];
  /** How many tasks (or maps) the target may have made between that look and the refusal. */
  readonly slack: { readonly tasks: number; readonly maps: number };
  /** `pids.events` of the target's cgroup and its ancestors: refusals counted while it was watched. */
  readonly pidsEvents: readonly { readonly path: string; readonly count: number; readonly isLocal: boolean }[];
  /** Whether there is a `pids.events` at all: then one that stood still clears its cgroup. */
  readonly hasPidsEvents: boolean;
  /** `oom_kill` of the memory cgroups. */
  readonly oomKills: readonly { readonly path: string; readonly count: number }[];
  /** A call that was seen to fail (--trace). */
  readonly call?: FailedCall | undefined;
  readonly messages: readonly RefusalMessage[];
  readonly endedBy?: string | undefined;
}

export interface Explanation {
  /** `proved`: somebody saw the refusal and the arithmetic leaves one ceiling. `none`: nothing was refused. */
  readonly verdict: 'proved' | 'inferred' | 'none';
  readonly ceiling: Ceiling | undefined;
  readonly evidence: readonly string[];
  readonly alternatives: readonly Ceiling[];
  /** What would turn an inference into a proof. */
  readonly settle: string | undefined;
}

const CLONE_CALLS = new Set(['clone', 'clone3', 'fork', 'vfork']);

/** Names the ceiling that refused. Pure: the same facts give the same answer. */
export function explainRefusal(given: RefusalFacts): Explanation {
  const facts = { ...given, ceilings: [...given.ceilings].sort((a, b) => a.order - b.order) };
  const evidence = [
    ...facts.messages.slice(0, 3).map(({ text, runtime }) => `it printed (${runtime}): ${text}`),
    ...(facts.call === undefined ? [] : [`${facts.call.name} was seen to fail with ${facts.call.errno}`]),
  ];
  return byKill(facts, evidence) ?? byEvents(facts, evidence) ?? byArithmetic(facts, evidence);
}

/** A memory limit does not refuse. It kills, and counts the kill. */
function byKill(facts: RefusalFacts, evidence: readonly string[]): Explanation | undefined {
  const killed = facts.oomKills.find(({ count }) => count > 0);
  if (killed === undefined) return undefined;
  const killers = facts.ceilings.filter((row) => row.class === 'memory' && row.effect === 'kills');
  const rows = killers.filter(({ limit, scope }) => scope === 'cgroup' && typeof limit === 'number');
  const [ceiling] = rows.sort((a, b) => Number(a.remaining) - Number(b.remaining));
  return {
    verdict: ceiling === undefined ? 'inferred' : 'proved',
    ceiling: ceiling ?? killers.find(({ scope }) => scope === 'host'),
    evidence: [...evidence, `oom_kill of ${killed.path} rose by ${killed.count}`],
    alternatives: [],
    settle: ceiling === undefined ? 'the kernel log: it says whether the whole machine was out of memory' : undefined,
  };
}

/** The pids controller counts what it refuses, so nobody else needs to be asked. */
function byEvents(facts: RefusalFacts, evidence: readonly string[]): Explanation | undefined {
  const moved = facts.pidsEvents.filter(({ count }) => count > 0);
  if (moved.length === 0) return undefined;
  const said = moved.map(({ path, count }) => `pids.events of ${path} rose by ${formatCount(count)}`);
  const rows = facts.ceilings.filter(isOfPidsController);
  // events.local (Linux 6.11) counts where the limit is; before, events counted where the fork was.
  const local = moved.find(({ isLocal }) => isLocal);
  const named = local === undefined ? undefined : rows.find(({ path }) => path === local.path);
  const full = rows.filter((row) => isFull(row, 'threads', facts));
  const tightest = [...full].sort((a, b) => Number(a.remaining) - Number(b.remaining));
  const ceiling = named ?? tightest[0] ?? rows.find(({ limit }) => limit === 'unknown');
  const isSure = named !== undefined || (full.length === 1 && ceiling?.limit !== 'unknown') || isAlone(tightest);
  return {
    verdict: isSure ? 'proved' : 'inferred',
    ceiling,
    evidence: [...evidence, ...said, ...roomLines(ceiling, facts)],
    alternatives: full.filter((row) => row !== ceiling),
    settle: isSure ? undefined : 'pids.current and pids.max of every ancestor, read on the host at the moment it fails',
  };
}

/** The one that is full, while the next one has room. */
function isAlone([first, second]: readonly Ceiling[]): boolean {
  return first?.remaining === 0 && second !== undefined && Number(second.remaining) > 0;
}

function byArithmetic(facts: RefusalFacts, evidence: readonly string[]): Explanation {
  const kinds = kindsOf(facts);
  const errno = facts.call?.errno ?? facts.messages.find((message) => message.errno !== undefined)?.errno;
  const isSeen = facts.call !== undefined || facts.messages.length > 0;
  if (facts.call?.errno === 'EPERM') {
    return {
      verdict: 'proved',
      ceiling: undefined,
      evidence: [...evidence, 'EPERM comes from seccomp or a security module, never from a ceiling'],
      alternatives: [],
      settle: undefined,
    };
  }
  const [ceiling, ...others] = facts.ceilings.filter(
    (row) => isPossible(row, facts, errno) && kinds.some((one) => isFull(row, one, facts)),
  );
  if (ceiling === undefined) return unexplained(facts, evidence, isSeen);
  if (!isSeen && facts.endedBy === undefined && Number(ceiling.remaining) > 0) {
    return { verdict: 'none', ceiling: undefined, evidence, alternatives: [], settle: undefined };
  }
  const isProof = isSeen && others.length === 0 && ceiling.confidence !== 'unknown';
  return {
    verdict: isProof ? 'proved' : 'inferred',
    ceiling,
    evidence: [...evidence, ...roomLines(ceiling, facts), ...clearedLines(facts)],
    alternatives: others,
    settle: isProof
      ? undefined
      : others.length > 0
        ? 'the kernel checks them in this order; raise the first and try again, or watch the call with --trace'
        : 'nobody saw the refusal itself: watch the call with --trace',
  };
}

function unexplained(facts: RefusalFacts, evidence: readonly string[], isSeen: boolean): Explanation {
  if (!isSeen) return { verdict: 'none', ceiling: undefined, evidence, alternatives: [], settle: undefined };
  const unknown = facts.ceilings.filter(({ confidence }) => confidence === 'unknown');
  return {
    verdict: 'inferred',
    ceiling: unknown[0],
    evidence: [...evidence, 'every ceiling that can be read had room'],
    alternatives: unknown.slice(1),
    settle:
      unknown[0]?.note ??
      'watch the call with --trace: seccomp, mlockall and limits of the program itself print the same',
  };
}

/** A row is full when what was left of it is no more than what may have been made since. */
function isFull(row: Ceiling, kind: Kind, { slack }: RefusalFacts): boolean {
  const left = additional(row, kind);
  if (row.effect === 'throttles' || typeof left !== 'number') return false;
  // Maps are counted less often than tasks, so what may have been added since is known in maps.
  if (row.unit === 'maps') return Number(row.remaining) <= slack.maps;
  return left <= (kind === 'maps' ? slack.maps : slack.tasks);
}

/** Leaves out what the errno and the counters rule out: clone gives EAGAIN for tasks and ENOMEM for memory. */
function isPossible(row: Ceiling, facts: RefusalFacts, errno: string | undefined): boolean {
  if (isOfPidsController(row) && facts.hasPidsEvents) return false;
  const call = facts.call?.name;
  if (call === undefined) return row.effect !== 'kills' || facts.endedBy === 'SIGKILL';
  if (!CLONE_CALLS.has(call)) return isOfMapping(row);
  return errno === 'EAGAIN' ? row.class === 'tasks' : isOfMapping(row) || row.class === 'memory';
}

/** mmap, mprotect and brk meet these. */
function isOfMapping(row: Ceiling): boolean {
  return row.class === 'address space' || row.class === 'maps';
}

function isOfPidsController(row: Ceiling): boolean {
  return row.class === 'tasks' && row.scope === 'cgroup';
}

/** What it wanted one more of; all of them where nobody said. */
function kindsOf(facts: RefusalFacts): readonly Kind[] {
  const all = ['threads', 'processes', 'maps'] as const;
  if (facts.call !== undefined) return CLONE_CALLS.has(facts.call.name) ? all : ['maps'];
  switch (facts.messages.find((message) => message.wanted !== 'any')?.wanted) {
    case 'process':
      return ['processes'];
    case 'map':
      return ['maps'];
    case 'thread':
      return ['threads'];
    default:
      return all;
  }
}

/** How full it was, and, where it was not full, what may have been made after it was last looked at. */
function roomLines(ceiling: Ceiling | undefined, { slack }: RefusalFacts): string[] {
  if (ceiling === undefined) return [];
  const { limit, remaining, unit, used } = ceiling;
  const room = `${ceilingLabel(ceiling)} was at ${used} of ${limit} ${unit}`;
  if (typeof remaining !== 'number' || remaining === 0) return [room];
  const since = ceiling.unit === 'maps' ? `${formatCount(slack.maps)} maps` : `${formatCount(slack.tasks)} tasks`;
  return [`${room} when it was last looked at; up to ${since} may have been made since`];
}

function clearedLines(facts: RefusalFacts): string[] {
  return facts.hasPidsEvents ? ['no pids.events moved: the pids controller refused nothing'] : [];
}
