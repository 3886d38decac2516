/** `MemAvailable:   24012345 kB` of `/proc/meminfo`, in bytes; `undefined` before Linux 3.14. */
export function parseMemAvailable(text: string): { totalBytes: number; availableBytes: number } | undefined {
  const total = /^MemTotal:\s+(\d+) kB/m.exec(text);
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(text);
  if (total === null || available === null) return undefined;
  return { totalBytes: Number(total[1]) * 1024, availableBytes: Number(available[1]) * 1024 };
}
