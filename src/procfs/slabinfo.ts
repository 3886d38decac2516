/**
 * One cache of `/proc/slabinfo` (root only): objects in use and the memory its slabs take —
 * `task_struct 121 140 5888 5 8 : tunables 0 0 0 : slabdata 28 28 0`: active, all, bytes of one, objects and
 * pages a slab, slabs. slabinfo(5).
 */
export function parseSlab(text: string, name: string): { objects: number; bytes: number } | undefined {
  const match = new RegExp(`^${name} +(\\d+) +\\d+ +\\d+ +\\d+ +(\\d+) : .* : slabdata +\\d+ +(\\d+)`, 'm').exec(text);
  if (match === null) return undefined;
  return { objects: Number(match[1]), bytes: Number(match[2]) * Number(match[3]) * 4096 };
}
