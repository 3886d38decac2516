import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { elfImage, type SectionSpec, symbolSections } from '../evidence/builders/elfImage.ts';
import { BUILD_DIR } from '../setup/tools.ts';
import { type Box, events, MISBEHAVE, makeBox, READY, type Running, THREADGUARD, until } from './harness.ts';

const HOSTILE = join(BUILD_DIR, 'hostile');
const TRAPPER = 'test/programs/trapper.py';
const UID = 61_238;
const SHT_SYMTAB = 2;
const SHT_STRTAB = 3;
const AS_PLAIN = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups'];

let box: Box;
/** A directory of the hostile user, and one of root with a file that must stay. */
let theirs: string;
let ours: string;
beforeEach(() => {
  box = makeBox(1_500);
  chmodSync(box.scratch, 0o755);
  theirs = join(box.scratch, 'theirs');
  ours = join(box.scratch, 'ours');
  mkdirSync(theirs);
  chownSync(theirs, UID, UID);
  mkdirSync(ours);
  writeFileSync(join(ours, 'precious'), 'precious', { mode: 0o600 });
});
afterEach(async () => {
  expect(readFileSync(join(ours, 'precious'), 'utf8')).toBe('precious');
  await box.remove();
  // Sockets that a trap has left.
  for (const name of readdirSync('/tmp').filter((one) => one.startsWith('.java_pid'))) {
    const path = join('/tmp', name);
    if (lstatSync(path, { throwIfNoEntry: false })?.uid === UID) rmSync(path);
  }
});

const run = (flags: readonly string[], command: readonly string[]): Running =>
  box.start([THREADGUARD, 'run', '--log-format', 'json', ...flags, '--', ...AS_PLAIN, ...command]);
const bounded = ['--max-tasks', '100', '--grace', '500ms'];

/** Starts a program of the hostile user, and hands its pid on when its trap is laid. */
async function trap(...words: readonly string[]): Promise<number> {
  const running = box.start([...AS_PLAIN, HOSTILE, ...words]);
  await until('the trap is laid', () => READY.test(running.out()));
  return Number(READY.exec(running.out())?.[1]);
}

/** How many threads a dump of root reads of a process. */
async function dumped(pid: number): Promise<number> {
  const { code, err, out } = await box.start([THREADGUARD, 'dump', '--json', '--pid', String(pid)]).ended;
  expect(code, err).toBe(0);
  const { groups } = JSON.parse(out) as { groups: readonly { count: number }[] };
  return groups.reduce((sum, { count }) => sum + count, 0);
}

/** A file of the hostile user. */
function lay(name: string, bytes: Buffer | string): string {
  const path = join(theirs, name);
  writeFileSync(path, bytes);
  chownSync(path, UID, UID);
  return path;
}

describe('a FIFO in the place of a file that was mapped and deleted', () => {
  it('does not hold a dump', async () => {
    const file = lay('x.so', elfImage([]));
    expect(await dumped(await trap('fifo', file, '3'))).toBe(4);
  });
  it('does not hold a guard: its target is ended all the same', async () => {
    const file = lay('x.so', elfImage([]));
    const { code, err } = await run(
      [...bounded, '--incident-dir', join(ours, 'incidents')],
      [HOSTILE, 'fifo', file, '400'],
    ).ended;
    expect(code, err).toBe(113);
    expect(box.tasks()).toBe(0);
  });
});

it('a report directory that becomes a link while its report is read: nothing of root is read or removed', async () => {
  const node = join(theirs, 'node');
  copyFileSync(HOSTILE, node);
  chmodSync(node, 0o755);
  writeFileSync(join(ours, 'r.json'), '{"header":{"event":"a secret of root"}}', { mode: 0o600 });
  // It runs as its user, so its own words come before those that make it look like Node.
  const command = `exec -a node ${node} report ${theirs}/reports r.json ${ours} 400`;
  const options = `NODE_OPTIONS=--report-on-signal --report-directory=${theirs}/reports --report-filename=r.json`;
  const { code, err } = await run(
    [...bounded, '--incident-dir', join(ours, 'incidents')],
    ['env', options, 'bash', '-c', command],
  ).ended;
  expect(code, err).toBe(113);
  // The trap went off: the report was read, and its directory was changed for the link after that.
  expect(existsSync(join(theirs, 'reports.aside'))).toBe(true);
  expect(readdirSync(join(theirs, 'reports.aside'))).toEqual([]);
  expect(readFileSync(join(ours, 'r.json'), 'utf8')).toContain('a secret of root');
  const { incident } = events(err).at(-1) as { incident: string };
  const files = readdirSync(incident);
  expect(files.some((name) => name.startsWith('node-report-'))).toBe(true);
});

it('an ELF file with tables of gigabytes in a hole of the disk: they are not loaded, and the threads are read', async () => {
  const [table, texts] = symbolSections([{ name: '_PyRuntime', start: 0x1000, size: 16 }]) as [
    SectionSpec,
    SectionSpec,
  ];
  const image = elfImage([{ name: '.text', bytes: Buffer.alloc(64, 0x90), address: 0x1000 }, table, texts]);
  const file = lay('python3.11', enlarged(image, 2 ** 29));
  truncateSync(file, 2 ** 30);
  const pid = await trap('map', file, '3');
  expect(await dumped(pid)).toBe(4);
  const peak =
    'import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)';
  const { out } = await box.start(['/usr/bin/python3', '-c', peak, THREADGUARD, 'dump', '--pid', String(pid)]).ended;
  expect(Number(out) / 1024).toBeGreaterThan(30);
  expect(Number(out) / 1024).toBeLessThan(300);
});

describe('a socket where a JVM would listen', () => {
  let server: Server;
  let heard = '';
  async function listen(pid: number, uid: number): Promise<void> {
    heard = '';
    server = createServer((socket) => socket.on('data', (data) => (heard += data)));
    const path = `/tmp/.java_pid${pid}`;
    await new Promise<void>((resolve) => server.listen(path, resolve));
    chownSync(path, uid, uid);
  }
  afterEach(() => server.close());

  it.for([
    ['of another user', 65_534],
    ['of the same user, but of another process', UID],
  ] as const)('%s: it is told nothing, and nothing that it says is believed', async ([, uid]) => {
    const pid = await trap('map', lay('libjvm.so', elfImage([])), '3');
    await listen(pid, uid);
    expect([await dumped(pid), heard]).toEqual([4, '']);
  });
});

describe('a directory that the target may write', () => {
  it.for([
    ['--incident-dir', 'incidents'],
    ['--log-file', 'guard.log'],
    ['--metrics-file', 'guard.prom'],
    ['--state-file', 'state.json'],
  ] as const)('is refused for %s, with what helps, before anything is started', async ([flag, name]) => {
    const restart = flag === '--state-file' ? ['--restart', 'on-trip'] : [];
    const { code, err } = await run([...restart, flag, join(theirs, name)], ['touch', join(theirs, 'started')]).ended;
    expect(code).toBe(125);
    expect(err).toMatch(new RegExp(`theirs belongs to uid ${UID}: what is written there could be led elsewhere`));
    expect(err).toMatch(/chown 0 \S*theirs && chmod go-w \S*theirs/);
    expect(readdirSync(theirs)).toEqual([]);
  });
});

describe('where the state directory cannot be written', () => {
  /** Under a `/var/lib` that is read-only, in a mount namespace of its own. */
  const runThere = () => {
    const words = `mount -t tmpfs -o ro none /var/lib && exec "$0" "$@"`;
    const guard = [THREADGUARD, 'run', '--max-tasks', '60', '--grace', '0', '--', MISBEHAVE, 'thread', '5000', '10'];
    return box.start(['unshare', '-m', '--propagation', 'private', 'sh', '-c', words, ...guard], {
      env: { ...process.env, TMPDIR: box.scratch },
    }).ended;
  };
  const kept = (dir: string) => readdirSync(dir).filter((name) => existsSync(join(dir, name, 'incident.json')));

  it('a directory that somebody else has made in the temporary one gets no evidence of root, and that is said', async () => {
    const foreign = join(box.scratch, 'threadguard-0');
    chmodSync(box.scratch, 0o1777);
    mkdirSync(foreign);
    chmodSync(foreign, 0o777);
    chownSync(foreign, UID, UID);
    const { code, err } = await runThere();
    expect(code).toBe(113);
    expect(err).toMatch(
      /no evidence is kept in \/var\/lib\/threadguard \(EROFS; \S+ belongs to uid 61238: [^)]*\): it goes to/,
    );
    expect(readdirSync(foreign)).toEqual([]);
    const [own = ''] = readdirSync(box.scratch).filter((name) => /^threadguard-0-\w{6}$/.test(name));
    expect(kept(join(box.scratch, own))).toHaveLength(1);
  });
  it('its own is used again, and that is said', async () => {
    for (const round of [1, 2]) {
      const { err } = await runThere();
      expect(err).toMatch(/no evidence is kept in \/var\/lib\/threadguard \(EROFS\): it goes to \S+\/threadguard-0$/m);
      expect(kept(join(box.scratch, 'threadguard-0'))).toHaveLength(round);
    }
  });
});

describe('several traps at once, and a bomb', () => {
  it.for([1, 2, 3, 4, 5, 6, 7, 8])('of seed %i: it is ended, and nothing of root is touched', async (seed) => {
    const log = join(ours, 'log');
    const { code } = await box.start([
      ...[THREADGUARD, 'run', '--max-tasks', '150', '--grace', '300ms', '--capture-stderr', '--on-daemons', 'kill'],
      ...['--incident-dir', join(ours, 'incidents'), '--log-file', log, '--'],
      ...[...AS_PLAIN, '/usr/bin/python3', TRAPPER, String(seed), theirs, ours, HOSTILE],
    ]).ended;
    const said = readFileSync(log, 'utf8');
    expect(code, said).toBe(113);
    expect(box.tasks()).toBe(0);
    expect(said.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(readdirSync(ours).sort()).toEqual(['incidents', 'log', 'precious']);
  });
});

/** The image with tables that are as large as somebody likes. */
function enlarged(image: Buffer, size: number): Buffer {
  const bytes = Buffer.from(image);
  const headers = Number(bytes.readBigUInt64LE(40));
  for (let at = headers; at < bytes.length; at += 64) {
    if ([SHT_SYMTAB, SHT_STRTAB].includes(bytes.readUInt32LE(at + 4))) bytes.writeBigUInt64LE(BigInt(size), at + 32);
  }
  return bytes;
}
