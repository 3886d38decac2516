/**
 * `0.15 0.07 0.02 2/79 2259`: after the slash the number of all tasks of the kernel (nr_threads,
 * the very number that threads-max is compared with), last the pid given out most recently.
 */
export function parseLoadavg(text: string): { tasks: number; lastPid: number } | undefined {
  const match = /\d+\/(\d+) (\d+)/.exec(text);
  return match === null ? undefined : { tasks: Number(match[1]), lastPid: Number(match[2]) };
}
