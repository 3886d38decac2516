import type { CreationSample } from '../../core/creators.ts';
import type { Frame } from '../../core/stack.ts';
import { JfrChunk } from './chunk.ts';
import { JfrRef, type JfrValue } from './values.ts';

const EVENT = 'jdk.ThreadStart';
/** A recorded stack begins with the caller of it. */
const START: Frame = { function: 'java.lang.Thread.start' };

/**
 * Who started each thread, from all chunks of a recording of `jdk.ThreadStart`. Threads of the JVM itself have no stack
 * and are left out. When `isOver` says so, the rest is not read.
 */
export function threadStarts(bytes: Buffer, isOver: () => boolean = () => false): CreationSample[] {
  const samples: CreationSample[] = [];
  for (let chunk = JfrChunk.at(bytes, 0, isOver); chunk !== undefined; chunk = JfrChunk.at(bytes, chunk.end, isOver)) {
    if (isOver()) break;
    const known = new Map<number, readonly Frame[]>();
    for (const event of chunk.events(EVENT)) {
      const trace = (event as { readonly stackTrace?: JfrValue }).stackTrace;
      const key = trace instanceof JfrRef ? trace.key : -1;
      const frames = known.get(key) ?? framesOf(chunk, trace);
      if (key >= 0) known.set(key, frames);
      if (frames.length > 0) samples.push({ runtime: 'jvm', frames });
    }
  }
  return samples;
}

function framesOf(chunk: JfrChunk, trace: JfrValue): readonly Frame[] {
  const frames = chunk.get(trace, 'frames');
  if (!Array.isArray(frames)) return [];
  const calls = frames.flatMap((frame: JfrValue): Frame[] => {
    const type = chunk.get(frame, 'method', 'type', 'name', 'string');
    const method = chunk.get(frame, 'method', 'name', 'string');
    const line = chunk.get(frame, 'lineNumber');
    if (typeof type !== 'string' || typeof method !== 'string') return [];
    const name = type.replaceAll('/', '.');
    // A recording knows classes, not files. The outermost class is nearly always what the file is called.
    const file = name.slice(name.lastIndexOf('.') + 1).split('$', 1)[0] ?? '';
    return [{ function: `${name}.${method}`, file, ...(typeof line === 'number' && line > 0 ? { line } : {}) }];
  });
  return calls.length === 0 ? [] : [START, ...calls];
}
