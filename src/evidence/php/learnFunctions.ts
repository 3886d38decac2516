import { readWord } from '../creators/trace/record.ts';
import type { Memory } from '../native/processMemory.ts';
import { readWhole } from '../native/readWhole.ts';
import type { Work } from '../slicedWork.ts';
import type { PhpFunctions } from './functions.ts';
import { CALL, CLASS, GLOBALS, KIND } from './layout.ts';
import { newestOf } from './tables.ts';

const MOST_CALLS = 16;

/** Learns the functions of a call and of its callers. They are read late, so they may be others by now. */
export function learnCalls(memory: Memory, functions: PhpFunctions, call: number): void {
  let at = call;
  for (let count = 0; count < MOST_CALLS; count += 1) {
    const bytes = readWhole(memory, at, CALL.bytes);
    if (bytes === undefined) return;
    functions.learn(readWord(bytes, CALL.function));
    at = readWord(bytes, CALL.caller);
  }
}

/** Learns every function and method of a program. Those of PHP itself were put into the tables first. */
export function* learnTables(memory: Memory, functions: PhpFunctions, globals: number): Work {
  for (const address of newestOf(memory, pointerAt(memory, globals + GLOBALS.functions))) {
    yield;
    if (!functions.learn(address)) break;
  }
  for (const owner of newestOf(memory, pointerAt(memory, globals + GLOBALS.classes))) {
    yield;
    if (readWhole(memory, owner, CLASS.bytes)?.[CLASS.type] !== KIND.user) break;
    for (const method of newestOf(memory, owner + CLASS.functions)) {
      functions.learn(method);
      yield;
    }
  }
}

/** The call that runs now. */
export function currentCall(memory: Memory, globals: number): number {
  return pointerAt(memory, globals + GLOBALS.current);
}

/** 0 where nothing is mapped. */
function pointerAt(memory: Memory, address: number): number {
  const bytes = readWhole(memory, address, 8);
  return bytes === undefined ? 0 : readWord(bytes, 0);
}
