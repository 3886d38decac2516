import type { Certainty, Creator } from './creators.ts';
import type { Frame } from './stack.ts';
import type { StackGroup } from './stackGroups.ts';
import { escapeText, formatCount, formatShare } from './units.ts';

const WAITS: Readonly<Record<StackGroup['wait'], string>> = {
  running: 'running',
  lock: 'waiting for a lock',
  queue: 'idle, waiting to be woken',
  sleep: 'asleep',
  signal: 'waiting for a signal',
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

/** Frames of a path that are told. */
const TOLD = 4;
const TOLD_PROGRAMS = 3;
/** A share that people read as all of them. */
const NEARLY_ALL = 0.995;

/**
 * `on_message (leak.py:7) started 794 threads, 190 a second: on_message leak.py:7 < main leak.py:10`; of one that was sampled
 * `spawnConnection (Bomb.java:14), through ThreadPoolExecutor, makes 60% of the threads`.
 */
export function creatorText(creator: Creator): string {
  return creator.certainty === undefined ? sampledText(creator) : recordedText(creator, creator.certainty);
}

function recordedText(creator: Creator, certainty: Certainty): string {
  const { count, executor, frames, makes, perSecond, runs = [], share } = creator;
  const what = makes === 'processes' ? ['process', 'processes'] : ['thread', 'threads'];
  const programs = runs.length === 0 ? '' : ` (${runs.slice(0, TOLD_PROGRAMS).map(escapeText).join(', ')})`;
  const made = `${formatCount(count)} ${count === 1 ? what[0] : what[1]}${programs}`;
  const part = share < NEARLY_ALL ? `, ${formatShare(Math.round(share * 100) / 100)} of all` : '';
  const rate = perSecond === undefined ? '' : `, ${rateText(perSecond)}`;
  const by = executor === undefined ? '' : `, through ${escapeText(executor)}`;
  const path = frames.length < 2 ? '' : `: ${frames.slice(0, TOLD).map(stepText).join(' < ')}`;
  return `${whoText(frames[0], certainty)} started ${made}${part}${rate}${by}${path}`;
}

function whoText(frame: Frame | undefined, certainty: Certainty): string {
  if (frame === undefined) return 'code that is not known';
  const text = frameText(frame);
  switch (certainty) {
    case 'called from':
      return `code that was called by ${text}`;
    case 'script':
      return `the script ${text}`;
    case 'exact':
    case 'begins':
    case 'function':
    case 'chain':
      return text;
    default:
      return certainty satisfies never;
  }
}

function rateText(perSecond: number): string {
  if (perSecond >= 1) return `${formatCount(Math.round(perSecond))} a second`;
  return `${formatCount(Math.max(1, Math.round(perSecond * 60)))} a minute`;
}

/** `Pool.submit leak.py:4`. */
function stepText({ file, function: name, line }: Frame): string {
  return escapeText(file === undefined ? name : `${name} ${shortFile(file)}${line === undefined ? '' : `:${line}`}`);
}

function shortFile(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

function sampledText({ executor, frames, share }: Creator): string {
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
  // Names of threads say something only where nothing else is known.
  const group = groups.find(({ frames }) => frames.length > 0) ?? (creator === undefined ? groups[0] : undefined);
  const parts = [
    creator === undefined ? undefined : creatorText(creator),
    group === undefined ? undefined : groupText(group),
  ];
  return parts.filter((part) => part !== undefined).join('; ');
}
