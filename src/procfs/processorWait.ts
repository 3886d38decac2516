import { KeptFile } from './read.ts';
import type { KernelRoot } from './root.ts';

/** Beside this, in a hundred milliseconds, no processor was to be had for a while; a loaded machine gives one within ten. */
const STARVED_MS = 50;

/**
 * How long the main thread of this process has waited for a processor: the second number of `/proc/self/schedstat`
 * (`1234567 890 12`: time on a processor, time waiting, slices; nanoseconds).
 */
export class ProcessorWait {
  readonly #file: KeptFile;
  #markMs: number | undefined;

  constructor(root: KernelRoot) {
    this.#file = new KeptFile(root.proc('self', 'schedstat'));
    this.mark();
  }

  /** What was waited until now no longer counts. */
  mark(): void {
    this.#markMs = this.#read();
  }

  /** Whether it waited long since the last mark; `undefined` where the kernel does not say. */
  get isStarved(): boolean | undefined {
    const nowMs = this.#read();
    return nowMs === undefined || this.#markMs === undefined ? undefined : nowMs - this.#markMs >= STARVED_MS;
  }

  #read(): number | undefined {
    const ns = Number(this.#file.read()?.split(' ')[1] ?? Number.NaN);
    return Number.isNaN(ns) ? undefined : ns / 1e6;
  }
}
