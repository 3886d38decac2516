const nothing = new Int32Array(new SharedArrayBuffer(4));

/** Waits here, for steps that belong into one turn of the event loop. */
export function pauseHere(ms: number): void {
  Atomics.wait(nothing, 0, 0, ms);
}
