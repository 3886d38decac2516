/** One line of `/proc/PID/cgroup`. */
export interface Membership {
  readonly controllers: readonly string[];
  /** The path below the root of the hierarchy; it always begins with a slash. */
  readonly path: string;
}

/** `8:pids:/user.slice` (v1), and `0::/system.slice/a.service` (v2, without controllers); cgroups(7). */
export function parseCgroupFile(text: string): Membership[] {
  return text
    .split('\n')
    .map((line) => /^\d+:([^:]*):(.*)$/s.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({
      controllers: (match[1] as string).split(',').filter((name) => name !== ''),
      path: match[2] as string,
    }));
}
