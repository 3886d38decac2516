import type { Creator } from './creators.ts';
import type { Frame } from './stack.ts';
import type { StackGroup } from './stackGroups.ts';
import { escapeText, formatCount, formatShare } from './units.ts';

const WAITS: Readonly<Record<StackGroup['wait'], string>> = {
  running: 'running',
  lock: 'waiting for a lock',
  queue: 'idle, waiting to be woken',
  sleep: 'asleep',
  read: 'reading',
  poll: 'polling or accepting',
  child: 'waiting for a child',
  io: 'in I/O',
  clone: 'making threads or processes',
  stopped: 'stopped',
  dead: 'dead',
  unknown: 'waiting',
};

/** What a thread of a group does, in words. A kind that this version does not know stays as it is. */
export function waitText(wait: StackGroup['wait']): string {
  return Object.hasOwn(WAITS, wait) ? WAITS[wait] : escapeText(wait);
}

/** `park_read (spawner.c:31)`; with the library if there is no source file. Safe for a terminal. */
export function frameText({ file, function: name, line, module }: Frame): string {
  const at = file === undefined ? module : `${file}${line === undefined ? '' : `:${line}`}`;
  return escapeText(at === undefined ? name : `${name} (${at})`);
}

/** `spawnConnection (Bomb.java:14), through ThreadPoolExecutor, makes 60% of the threads`. */
export function creatorText({ executor, frames, share }: Creator): string {
  const by = executor === undefined ? '' : `, through ${escapeText(executor)},`;
  const caller = frames[1] === undefined ? '' : `, called by ${frameText(frames[1])},`;
  const who = frames[0] === undefined ? 'code that is not known' : frameText(frames[0]);
  return `${who}${by === '' ? caller : by} makes ${formatShare(Math.round(share * 100) / 100)} of the threads`;
}

/** `4,311 tasks are reading in park_read (spawner)`. */
export function groupText({ count, frames, names, site, wait }: StackGroup): string {
  const are = count === 1 ? '1 task is' : `${formatCount(count)} tasks are`;
  const name = names[0]?.name ?? '';
  if (frames.length === 0) return name === '' ? `${are} ${waitText(wait)}` : `${are} called "${escapeText(name)}"`;
  const at = site ?? frames[0];
  return `${are} ${waitText(wait)}${at === undefined ? '' : ` in ${frameText(at)}`}`;
}

/** The one sentence that an operator needs: who makes the threads, and what they do. Empty if nothing is known. */
export function headline(creators: readonly Creator[], groups: readonly StackGroup[]): string {
  const [creator] = creators;
  const group = groups.find(({ frames }) => frames.length > 0) ?? groups[0];
  const parts = [
    creator === undefined ? undefined : creatorText(creator),
    group === undefined ? undefined : groupText(group),
  ];
  return parts.filter((part) => part !== undefined).join('; ');
}
