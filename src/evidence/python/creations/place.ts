import type { Memory } from '../../native/processMemory.ts';
import type { PythonLayout } from '../layout.ts';
import type { PythonRuntime } from '../runtime.ts';
import { FRAME, type Place } from './noteLayout.ts';

/** The pointer to the GIL is among the first members of an interpreter (at 384 in 3.12.1). */
const GIL_WITHIN = 2048;
/** Of a GIL (`_gil_runtime_state`): how long a thread may keep it, in microseconds; its holder follows, and whether it is held. */
const GIL = { interval: 0, holder: 8, locked: 16, bytes: 24 };
const MOST_INTERVAL = 1e9;
const MOST_STATES = 2_000;
const LEAST_ADDRESS = 4096;
/** User space ends here, without five levels of pages. */
const MOST_ADDRESS = 2 ** 47;
const MOST_OFFSET = 2 ** 20;

/** Where the frames of the thread that has the GIL are found. `undefined` as long as there is not exactly one interpreter. */
export function findPlace(memory: Memory, { address, layout }: PythonRuntime): Place | undefined {
  const { frame, interpreter: at, thread } = layout;
  const headAt = address + layout.runtime.interpretersHead;
  const interpreter = readAddress(memory, headAt);
  if (interpreter === undefined || readWord(memory, interpreter + at.next) !== 0) return undefined;
  const holderAt = findHolder(memory, address, interpreter, layout);
  const { nativeThreadId: nativeId } = thread;
  if (holderAt === undefined || nativeId === undefined || !ownerIsNoted(layout)) return undefined;
  const offsets = [nativeId, ...thread.frame, frame.code, frame.instruction, frame.previous];
  if (![headAt, holderAt].every(isAddress) || !offsets.every((one) => one >= 0 && one < MOST_OFFSET)) return undefined;
  return { headAt, interpreter, holderAt, nativeId, steps: thread.frame, frame };
}

/** Whether the byte that says whose a frame is lies in what is noted of a frame. */
function ownerIsNoted({ frame: { instruction, owner } }: PythonLayout): boolean {
  return owner === undefined || (owner.at >= instruction && owner.at < instruction + FRAME.tailBytes);
}

function findHolder(memory: Memory, runtime: number, interpreter: number, layout: PythonLayout): number | undefined {
  const { holder } = layout;
  if (holder?.from === 'runtime') return runtime + holder.at;
  if (holder === undefined) return undefined;
  const gil =
    holder.gil === undefined ? findGil(memory, interpreter, layout) : readAddress(memory, interpreter + holder.gil);
  return gil === undefined ? undefined : gil + holder.at;
}

/** What an interpreter points to that looks like a GIL: a sane interval, then the state of one of its threads. */
function findGil(memory: Memory, interpreter: number, layout: PythonLayout): number | undefined {
  const head = memory.read(interpreter, GIL_WITHIN);
  const states = statesOf(memory, interpreter, layout);
  for (let at = 0; head !== undefined && at + 8 <= head.length; at += 8) {
    const address = Number(head.readBigUInt64LE(at));
    const gil = isAddress(address) ? memory.read(address, GIL.bytes) : undefined;
    if (gil?.length !== GIL.bytes) continue;
    const interval = Number(gil.readBigUInt64LE(GIL.interval));
    const isHeld = gil.readInt32LE(GIL.locked);
    if (interval === 0 || interval > MOST_INTERVAL || isHeld < 0 || isHeld > 1) continue;
    if (states.has(Number(gil.readBigUInt64LE(GIL.holder)))) return address;
  }
  return undefined;
}

function statesOf(memory: Memory, interpreter: number, layout: PythonLayout): ReadonlySet<number> {
  const states = new Set<number>();
  let state = readAddress(memory, interpreter + layout.interpreter.threadsHead);
  while (state !== undefined && states.size < MOST_STATES && !states.has(state)) {
    states.add(state);
    state = readAddress(memory, state + layout.thread.next);
  }
  return states;
}

function readWord(memory: Memory, address: number): number | undefined {
  const bytes = memory.read(address, 8);
  return bytes?.length === 8 ? Number(bytes.readBigUInt64LE(0)) : undefined;
}

function readAddress(memory: Memory, address: number): number | undefined {
  const value = readWord(memory, address);
  return value !== undefined && isAddress(value) ? value : undefined;
}

function isAddress(value: number): boolean {
  return value >= LEAST_ADDRESS && value < MOST_ADDRESS && value % 8 === 0;
}
