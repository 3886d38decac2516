/** The lines of `/proc/meminfo` that ceilings need, in bytes. `undefined` where this kernel has no such line. */
export interface MemInfo {
  readonly totalBytes: number | undefined;
  /** Since Linux 3.14. */
  readonly availableBytes: number | undefined;
  readonly commitLimitBytes: number | undefined;
  readonly committedBytes: number | undefined;
  readonly kernelStackBytes: number | undefined;
  readonly pageTablesBytes: number | undefined;
}

/** `MemAvailable:   24012345 kB`; proc_meminfo(5). */
export function parseMeminfo(text: string): MemInfo {
  const bytes = (name: string): number | undefined => {
    const start = text.startsWith(`${name}:`) ? 0 : text.indexOf(`\n${name}:`) + 1;
    if (start === 0 && !text.startsWith(`${name}:`)) return undefined;
    const value = Number.parseInt(text.slice(start + name.length + 1), 10);
    return Number.isNaN(value) ? undefined : value * 1024;
  };
  return {
    totalBytes: bytes('MemTotal'),
    availableBytes: bytes('MemAvailable'),
    commitLimitBytes: bytes('CommitLimit'),
    committedBytes: bytes('Committed_AS'),
    kernelStackBytes: bytes('KernelStack'),
    pageTablesBytes: bytes('PageTables'),
  };
}
