/**
 * `0.15 0.07 0.02 2/79 2259`. After the slash stands the number of all tasks of the kernel (nr_threads, which is what
 * threads-max is compared with). The last number is the pid that was given out most recently.
 */
export function parseLoadavg(text: string): { tasks: number; lastPid: number } | undefined {
  const match = /\d+\/(\d+) (\d+)/.exec(text);
  return match === null ? undefined : { tasks: Number(match[1]), lastPid: Number(match[2]) };
}
