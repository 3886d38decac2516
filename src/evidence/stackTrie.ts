import type { Frame } from '../core/stack.ts';

/**
 * Stacks by what they are made of, addresses or frames. Equal stacks share one array of frames, and no text is made to
 * find it.
 */
export class StackTrie<Key> {
  readonly #callers = new Map<Key, StackTrie<Key>>();
  #frames: readonly Frame[] | undefined;

  /** The frames of these keys; `make` is called when they are met for the first time. */
  framesOf(keys: readonly Key[], make: () => readonly Frame[]): readonly Frame[] {
    let at: StackTrie<Key> = this;
    for (const key of keys) {
      let next = at.#callers.get(key);
      if (next === undefined) {
        next = new StackTrie();
        at.#callers.set(key, next);
      }
      at = next;
    }
    at.#frames ??= make();
    return at.#frames;
  }
}
