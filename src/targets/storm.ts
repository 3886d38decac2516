/** Processes that appear between two looks and call for a look at a target that stands still. */
export const STORM_TASKS = 256;
/** As many in this time are a storm, however often it was looked at meanwhile. */
const STORM_MS = 250;

/** Whether processes come by the hundred. */
export class Storm {
  #since: { readonly ms: number; readonly processes: number };
  #isRaging = false;

  constructor(nowMs: number) {
    this.#since = { ms: nowMs, processes: 0 };
  }

  get isRaging(): boolean {
    return this.#isRaging;
  }

  /** `isPressing`: the target has taken all that its cap allows, or nothing caps it. */
  look(nowMs: number, processes: number, isPressing: boolean): void {
    this.#isRaging = processes - this.#since.processes >= STORM_TASKS && isPressing;
    if (nowMs - this.#since.ms >= STORM_MS) this.#since = { ms: nowMs, processes };
  }

  calm(): void {
    this.#isRaging = false;
  }
}
