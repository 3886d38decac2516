/** A mounted file system. */
export interface Mount {
  /** The path inside the file system that is visible at `mountPoint`. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly options: readonly string[];
}

/**
 * `36 35 0:30 / /sys/fs/cgroup/pids rw,nosuid shared:9 - cgroup cgroup rw,pids`; proc_pid_mountinfo(5). The options are
 * those of the mount and those of the file system. A space is written as `\040`.
 */
export function parseMountinfo(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [left, right] = line.split(' - ');
    const before = left?.split(' ') ?? [];
    const after = right?.split(' ') ?? [];
    if (before.length < 6 || after.length < 3) continue;
    mounts.push({
      root: unescapeOctal(before[3] as string),
      mountPoint: unescapeOctal(before[4] as string),
      type: after[0] as string,
      options: [...(before[5] as string).split(','), ...(after[2] as string).split(',')],
    });
  }
  return mounts;
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
