import { execFileSync } from 'node:child_process';
import { lchownSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limitsUntil } from '../../../src/evidence/elf/readLimits.ts';
import { ElfFiles } from '../../../src/evidence/native/elfFiles.ts';
import { openModules } from '../../../src/evidence/native/modules.ts';
import type { MapLine } from '../../../src/procfs/maps.ts';
import { type FakeProc, makeProc } from '../../fixtures/procTree.ts';
import { ByteWriter } from '../builders/byteWriter.ts';
import { EXECUTABLE, elfImage, READABLE, symbolSections } from '../builders/elfImage.ts';
import { FakeMemory } from '../builders/fakeMemory.ts';

const IMAGE = elfImage([
  { name: '.text', bytes: Buffer.alloc(0x100, 0x90), address: 0x1000 },
  ...symbolSections([{ name: 'serve', start: 0x1000, size: 0x100 }]),
]);
const BASE = 0x5555_5555_0000;

let proc: FakeProc;
let files: ElfFiles;
beforeEach(() => {
  proc = makeProc({ pid: 42 });
  files = new ElfFiles();
});
afterEach(() => {
  files.close();
  proc.remove();
});

/** A file of the machine that the process has mapped; below the root of the process, as a container has it. */
function install(path: string, bytes: Buffer = IMAGE): MapLine {
  const file = join(proc.top, 'container', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  if (statSync(join(proc.top, 'proc/42/root'), { throwIfNoEntry: false }) === undefined) {
    symlinkSync(join(proc.top, 'container'), join(proc.top, 'proc/42/root'));
  }
  const { ino } = statSync(file);
  return { start: BASE + 0x1000, end: BASE + 0x2000, perms: 'r-xp', offset: 0x1000, device: '8:1', inode: ino, path };
}
const open = (map: MapLine) => files.open(proc.root, 42, map);

describe('the file of a map', () => {
  it('lies below the root of its process', () => {
    expect(open(install('/app/server'))?.symbols().find(0x1010)?.name).toBe('serve');
  });
  it('is opened once, however many processes have mapped it', () => {
    const map = install('/app/server');
    const first = open(map);
    rmSync(join(proc.top, 'container/app/server'));
    expect(open(map)).toBe(first);
    expect(files.open(proc.root, 43, map)).toBe(first);
  });
  it('was deleted: the executable is still there', () => {
    const map = install('/app/server');
    const kept = join(proc.top, 'kept');
    writeFileSync(kept, IMAGE);
    symlinkSync(kept, join(proc.top, 'proc/42/exe'));
    rmSync(join(proc.top, 'container/app/server'));
    expect(open({ ...map, path: '/app/server (deleted)', inode: statSync(kept).ino })).toBeDefined();
  });
  it('was replaced by another one: that is not what runs', () => {
    const map = install('/app/server');
    expect(open({ ...map, inode: map.inode + 1 })).toBeUndefined();
  });
  it.for([
    ['memory without a file', { inode: 0 }],
    ['a file that is not there', { path: '/nowhere' }],
  ] as const)('%s', ([, change]) => {
    expect(open({ ...install('/app/server'), device: '9:9', ...change })).toBeUndefined();
  });
  it('is no ELF file', () => {
    expect(open(install('/app/data', Buffer.from('no code')))).toBeUndefined();
  });
});

/** A file with a build id; stripped, it exports one name only. */
function built(id: number, symbols: readonly string[], isStripped: boolean): Buffer {
  const note = new ByteWriter().u32(4).u32(4).u32(3).text('GNU').bytes(id, 2, 3, 4).done();
  return elfImage(
    [
      { name: '.text', bytes: Buffer.alloc(0x100, 0x90), address: 0x1000 },
      { name: '.note', bytes: note, address: 0x2000, type: 7 },
      ...symbolSections(
        symbols.map((name, index) => ({ name, start: 0x1000 + 0x20 * index, size: 0x20 })),
        isStripped,
      ),
    ],
    {
      segments: [
        { type: 1, flags: EXECUTABLE, sections: ['.text'] },
        { type: 4, flags: READABLE, sections: ['.note'] },
      ],
    },
  );
}

describe('the symbols of a stripped file', () => {
  const DEBUG = '/usr/lib/debug/.build-id/01/020304.debug';
  const nameAt = (map: MapLine): string | undefined => open(map)?.symbols().find(0x1030)?.name;
  it('are in a file of its build id', () => {
    install(DEBUG, built(1, ['serve', 'inner'], false));
    expect(nameAt(install('/app/server', built(1, ['serve'], true)))).toBe('inner');
  });
  it.for([
    ['there is none', undefined],
    ['it is of another build', built(2, ['serve', 'inner'], false)],
    ['it has none either', built(1, ['serve', 'inner'], true)],
    ['it is no ELF file', Buffer.from('debug')],
  ] as const)('are its own if %s', ([, bytes]) => {
    if (bytes !== undefined) install(DEBUG, bytes);
    expect(nameAt(install('/app/server', built(1, ['serve'], true)))).toBeUndefined();
  });
  it('a FIFO in its place is not waited for', () => {
    const map = install('/app/server', built(1, ['serve'], true));
    mkdirSync(dirname(join(proc.top, 'container', DEBUG)), { recursive: true });
    execFileSync('mkfifo', [join(proc.top, 'container', DEBUG)]);
    expect(nameAt(map)).toBeUndefined();
  });
});

describe('a target that lays traps', () => {
  it('a FIFO in the place of a deleted file is not waited for', () => {
    const map = install('/app/x.so');
    rmSync(join(proc.top, 'container/app/x.so'));
    execFileSync('mkfifo', [join(proc.top, 'container/app/x.so (deleted)')]);
    const { ino } = statSync(join(proc.top, 'container/app/x.so (deleted)'));
    expect(open({ ...map, path: '/app/x.so (deleted)', inode: ino })).toBeUndefined();
  });
  it.for(['exe', `map_files/${(BASE + 0x1000).toString(16)}-${(BASE + 0x2000).toString(16)}`])(
    'nor one that %s leads to',
    (link) => {
      const map = install('/app/x.so');
      const fifo = join(proc.top, 'fifo');
      execFileSync('mkfifo', [fifo]);
      mkdirSync(dirname(proc.root.proc(42, link)), { recursive: true });
      symlinkSync(fifo, proc.root.proc(42, link));
      expect(open({ ...map, path: '/nowhere', inode: statSync(fifo).ino })).toBeUndefined();
    },
  );
  it('a link that it made leads nowhere; one of root is followed inside of its root', () => {
    const map = install('/usr/lib/x.so');
    const container = join(proc.top, 'container');
    symlinkSync('/usr/lib', join(container, 'lib'));
    symlinkSync('/usr/lib', join(container, 'theirs'));
    lchownSync(join(container, 'theirs'), 65_534, 65_534);
    expect(open({ ...map, device: '8:2', path: '/lib/x.so' })).toBeDefined();
    expect(open({ ...map, device: '8:3', path: '/theirs/x.so' })).toBeUndefined();
  });
  it('no file is begun when the time is up, and it is tried again later', () => {
    let now = 10;
    const late = new ElfFiles(limitsUntil(10, () => now));
    const map = install('/app/server');
    expect(late.open(proc.root, 42, map)).toBeUndefined();
    now = 5;
    expect(late.open(proc.root, 42, map)).toBeDefined();
    late.close();
  });
});

describe('openModules', () => {
  it('code of a file, of the kernel, and code that was made at run time', () => {
    const app = install('/app/server');
    const vdso: MapLine = { ...app, start: BASE + 0x8000, end: BASE + 0xa000, offset: 0, inode: 0, path: '[vdso]' };
    const made: MapLine = { ...app, start: BASE + 0xb000, end: BASE + 0xc000, inode: 0, path: '' };
    const memory = new FakeMemory().write(vdso.start, IMAGE).open();
    const modules = openModules(proc.root, 42, [made, vdso, app], memory, files);
    expect(modules.moduleAt(BASE + 0x1010)).toMatchObject({ path: '/app/server', bias: BASE });
    expect(modules.moduleAt(vdso.start + 0x1010)).toMatchObject({ path: '[vdso]', bias: vdso.start });
    expect(
      modules
        .moduleAt(vdso.start + 0x1010)
        ?.symbols()
        .find(0x1010)?.name,
    ).toBe('serve');
    expect(modules.moduleAt(BASE + 0xb010)).toBeUndefined();
    expect(modules.mapAt(BASE + 0xb010)).toBe(made);
    expect(modules.all().map(({ path }) => path)).toEqual(['/app/server', '[vdso]']);
  });
  it('a deleted file keeps its name', () => {
    const map = { ...install('/app/server'), path: '/app/server (deleted)' };
    symlinkSync(join(proc.top, 'container/app/server'), join(proc.top, 'proc/42/exe'));
    const modules = openModules(proc.root, 42, [map], new FakeMemory().open(), files);
    expect(modules.moduleAt(BASE + 0x1010)?.path).toBe('/app/server');
  });
  it.for([
    ['before all', BASE],
    ['the first byte behind a map', BASE + 0x2000],
    ['no address', Number.NaN],
  ] as const)('no code: %s', ([, address]) => {
    const modules = openModules(proc.root, 42, [install('/app/server')], new FakeMemory().open(), files);
    expect([modules.mapAt(address), modules.moduleAt(address)]).toEqual([undefined, undefined]);
  });
});
