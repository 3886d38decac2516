import { Cursor } from './bytes.ts';
import type { Elf } from './elf.ts';

const PT_NOTE = 4;
const NT_GNU_BUILD_ID = 3;
/** Linkers write three or four notes. */
const MOST_NOTE_BYTES = 4_096;
const MOST_NOTES = 32;
const MOST_ID_BYTES = 64;
const MOST_LINK_BYTES = 512;
const DEBUG = '/usr/lib/debug';

/** What a linker calls the contents of a file, in hexadecimal digits (a note of owner `GNU`). */
export function buildId(elf: Elf): string | undefined {
  for (const { fileSize, offset, type } of elf.segments) {
    if (type !== PT_NOTE) continue;
    const bytes = elf.source.read(offset, Math.min(fileSize, MOST_NOTE_BYTES));
    const found = bytes === undefined ? undefined : idIn(new Cursor(bytes));
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Where the symbols of a stripped file may lie: by its build id, and by the name in its `.gnu_debuglink`, as gdb looks for
 * them ("Debugging Information in Separate Files"). `path` is that of the file. None without a build id: it alone tells
 * whether they are the right ones.
 */
export function debugPaths(elf: Elf, path: string): string[] {
  const id = buildId(elf);
  if (id === undefined) return [];
  const byId = `${DEBUG}/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`;
  const name = linkedName(elf);
  if (name === undefined) return [byId];
  const folder = path.slice(0, path.lastIndexOf('/'));
  return [byId, `${folder}/${name}`, `${folder}/.debug/${name}`, `${DEBUG}${folder}/${name}`];
}

/** A note: length of the owner, length of what it says, type; both are padded to four bytes. */
function idIn(cursor: Cursor): string | undefined {
  for (let count = 0; count < MOST_NOTES && !cursor.isDone; count += 1) {
    const nameLength = cursor.u32();
    const length = cursor.u32();
    const type = cursor.u32();
    const nameAt = cursor.at;
    cursor.advance(padded(nameLength));
    const at = cursor.at;
    cursor.advance(padded(length));
    if (cursor.isBroken) return undefined;
    const isGnu = cursor.bytes.toString('latin1', nameAt, nameAt + nameLength) === 'GNU\0';
    if (!isGnu || type !== NT_GNU_BUILD_ID) continue;
    return length < 2 || length > MOST_ID_BYTES ? undefined : cursor.bytes.toString('hex', at, at + length);
  }
  return undefined;
}

/** The name is that of a file, never a path. */
function linkedName({ sections, source }: Elf): string | undefined {
  const section = sections.find(({ name }) => name === '.gnu_debuglink');
  const bytes =
    section === undefined ? undefined : source.read(section.offset, Math.min(section.size, MOST_LINK_BYTES));
  const name = bytes === undefined ? '' : new Cursor(bytes).text();
  return name === '' || name.includes('/') || name === '.' || name === '..' ? undefined : name;
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}
