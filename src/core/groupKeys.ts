import { normaliseFunction } from './functionName.ts';
import { siteOf } from './plumbing.ts';
import type { Frame, TaskStack } from './stack.ts';
import { normaliseName } from './threadName.ts';

/** Three ways of being alike: every function and line; every function; the program's own frame and the kind of wait. */
export type GroupLevel = 'exact' | 'function' | 'site';

/** What makes two stacks equal, as a text. Made once for each array of frames, which many tasks share. */
export class GroupKeys {
  readonly #level: GroupLevel;
  readonly #byFrames = new Map<readonly Frame[], string>();
  readonly #names = new Map<string, string>();

  constructor(level: GroupLevel) {
    this.#level = level;
  }

  of(task: TaskStack): string {
    // Without a stack the name and the wait say all there is.
    if (task.frames.length === 0) return `${this.nameOf(task.name)}|${task.wait}`;
    let key = this.#byFrames.get(task.frames);
    if (key === undefined) {
      key = this.#make(task);
      this.#byFrames.set(task.frames, key);
    }
    return this.#level === 'site' ? `${key}|${task.wait}` : key;
  }

  /** A name with its numbers taken out. */
  nameOf(name: string): string {
    let normal = this.#names.get(name);
    if (normal === undefined) {
      normal = normaliseName(name);
      this.#names.set(name, normal);
    }
    return normal;
  }

  #make({ frames, runtime }: TaskStack): string {
    if (this.#level === 'site') return frameKey(siteOf(frames, runtime) ?? (frames[0] as Frame));
    const keys: string[] = [];
    for (const frame of frames) {
      const key = this.#level === 'exact' ? `${frameKey(frame)}:${frame.line ?? ''}` : frameKey(frame);
      // Recursion to any depth is one place.
      if (key !== keys.at(-1)) keys.push(key);
    }
    return keys.join(';');
  }
}

function frameKey(frame: Frame): string {
  return `${frame.module ?? frame.file ?? ''}!${normaliseFunction(frame.function)}`;
}
