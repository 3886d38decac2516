import { existsSync } from 'node:fs';
import type { Caught, FrameReader, MakerFrames, MakerProcess } from '../../creators/makers/frameReader.ts';
import { Attribute } from '../attribute.ts';
import { CodeObjects } from '../codeObjects.ts';
import { PythonObjects } from '../objects.ts';
import type { PythonRuntime } from '../runtime.ts';
import { type LiveFrame, LiveFrames } from './liveFrames.ts';
import { namedFrames } from './namedFrames.ts';
import { NewThread } from './newThread.ts';
import { frameIfInside, functionsOf, isOfMaker } from './notedFrames.ts';
import type { NotedFrame } from './noteLayout.ts';
import { findPlace } from './place.ts';
import { Rounds } from './rounds.ts';
import { ThreadStates } from './threadStates.ts';

/** The method that makes a thread. It is on the stack as long as its callers stand still. */
const START = /^(Thread\.)?start$/;
const START_FILE = /(^|\/)threading\.py$/;

/**
 * The frames of CPython 3.11 and later. They lie on the heap, where the next call writes over them: what the kernel noted at
 * the creation is the truth. Without a note the frames are read as they are now, and believed only if `Thread.start` has not
 * returned. Else it is said what the new thread runs.
 */
export class HeapFrames implements FrameReader {
  readonly #process: MakerProcess;
  readonly #runtime: PythonRuntime;
  readonly #codes: CodeObjects;
  readonly #live: LiveFrames;
  readonly #newThread: NewThread;
  readonly #rounds = new Rounds();
  #states: ThreadStates | undefined;

  constructor(process: MakerProcess, runtime: PythonRuntime) {
    const { memory } = process.native;
    const objects = new PythonObjects(memory, runtime.layout);
    this.#process = process;
    this.#runtime = runtime;
    this.#codes = new CodeObjects(memory, runtime.layout, objects);
    this.#live = new LiveFrames(memory, runtime.layout);
    const target = new Attribute(memory, runtime.layout, objects, '_target');
    this.#newThread = new NewThread(memory, runtime, this.#codes, target);
    this.#watch();
  }

  framesOf(caught: Caught): MakerFrames | undefined {
    const { record } = caught;
    const isNewRound = this.#rounds.isNew(record.atMs);
    if (isNewRound) this.#codes.renew();
    const note = this.#process.notes?.noteOf(record);
    if (note !== undefined) {
      return isOfMaker(note, caught) ? this.#named(functionsOf(note, this.#runtime.layout)) : undefined;
    }
    if (isNewRound) this.#watch();
    return record.isThread ? this.#withoutNote(caught) : undefined;
  }

  /** Once the interpreter has begun, the kernel notes what it makes. */
  prepare(): boolean {
    if (this.#states === undefined) this.#watch();
    return this.#states !== undefined;
  }

  /** Tells the kernel where the frames are; again, if it has forgotten. Before the interpreter has begun there are none. */
  #watch(): void {
    const { native, notes, pid } = this.#process;
    const place = findPlace(native.memory, this.#runtime);
    const { layout } = this.#runtime;
    this.#states = place === undefined ? undefined : (this.#states ?? new ThreadStates(native.memory, layout, place));
    if (place !== undefined) notes?.watch(pid, place);
  }

  #withoutNote(caught: Caught): MakerFrames | undefined {
    const { record } = caught;
    const state = this.#states?.stateOf(record.tid, record.atMs);
    const self = state === undefined ? undefined : this.#newThread.selfOf(caught);
    if (state === undefined || self === undefined) return undefined;
    const chain = this.#live.startingFrom(state, self, (frame) => this.#isStart(frame));
    const told = (chain === undefined ? undefined : this.#named(chain)) ?? this.#targetOf(state, self);
    // A Thread object may get the address of one before it: not while the thread of that lives.
    return existsSync(this.#process.root.proc(record.pid, 'task', record.task)) ? told : undefined;
  }

  #isStart(frame: { readonly code: number; readonly instruction: number }): boolean {
    const named = frameIfInside(frame, this.#codes);
    return named !== undefined && START.test(named.function) && START_FILE.test(named.file ?? '');
  }

  #named(frames: readonly (LiveFrame | NotedFrame)[]): MakerFrames | undefined {
    return namedFrames(frames, (frame) => frameIfInside(frame, this.#codes));
  }

  /** What the new thread runs, in words that cannot be taken for its maker. Not the maker's own Thread object. */
  #targetOf(state: number, self: number): MakerFrames | undefined {
    if (this.#live.chainOf(state).at(-1)?.first === self) return undefined;
    const target = this.#newThread.targetOf(self);
    if (target === undefined) return undefined;
    const name = `code that starts ${target.function} (${target.file}:${target.line})`;
    return { runtime: 'python', frames: [{ function: name }], certainty: 'begins' };
  }
}
