/**
 * `0.15 0.07 0.02 2/79 2259`. Before the slash stands how many run or want to run now. After the slash stands the number of all tasks of the kernel (nr_threads, which is what
 * threads-max is compared with). The last number is the pid that was given out most recently.
 */
export function parseLoadavg(text: string): { running: number; tasks: number; lastPid: number } | undefined {
  const match = /(\d+)\/(\d+) (\d+)/.exec(text);
  if (match === null) return undefined;
  return { running: Number(match[1]), tasks: Number(match[2]), lastPid: Number(match[3]) };
}
