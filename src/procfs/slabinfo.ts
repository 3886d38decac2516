/**
 * One cache of `/proc/slabinfo`, which only root may read: the objects in use, and the memory that its slabs take.
 * `task_struct 121 140 5888 5 8 : tunables 0 0 0 : slabdata 28 28 0`: active objects, all objects, bytes of one, objects
 * a slab, pages a slab, and, as the second of `slabdata`, slabs. slabinfo(5).
 */
export function parseSlab(
  text: string,
  name: string,
): { readonly objects: number; readonly bytes: number; readonly bytesEach: number } | undefined {
  const match = new RegExp(`^${name} +(\\d+) +\\d+ +\\d+ +(\\d+) +(\\d+) : .* : slabdata +\\d+ +(\\d+)`, 'm').exec(
    text,
  );
  if (match === null) return undefined;
  const slabBytes = Number(match[3]) * 4096;
  // What one object takes, with its share of what a slab cannot use.
  return { objects: Number(match[1]), bytes: slabBytes * Number(match[4]), bytesEach: slabBytes / Number(match[2]) };
}
