import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LibraryHandle } from 'koffi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DatagramReceiver, type DatagramSender, openDatagrams } from '../../src/sys/datagram.ts';
import { loadLibc } from '../../src/sys/libc.ts';

const FD = 7;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

const SO_PASSCRED = 16;
const CREDENTIALS = { level: 1, type: 2 };

type Call = [fd: number, bytes: Buffer, length: number, flags: number];
/** What a fake recvmsg(2) may write to: the places that the message names. */
interface Message {
  readonly bytes: Buffer;
  readonly control: Buffer;
}
/** A libc that takes notes. Each call of `answers` gives back what it says, and 0 without it. */
function scene(
  answers: Readonly<Record<string, (...all: Call) => number>> = {},
  errno = 0,
  came: (message: Message) => number = () => -1,
) {
  const calls: string[] = [];
  const located: Buffer[] = [];
  const address = (buffer: Buffer): bigint => BigInt(located.push(buffer));
  const at = (message: Buffer, offset: number): Buffer =>
    located[Number(message.readBigUInt64LE(offset)) - 1] as Buffer;
  const recvmsg = (message: Buffer): number => {
    expect([message.readBigUInt64LE(24), message.readBigUInt64LE(40)]).toEqual([1n, 32n]);
    const part = at(message, 16);
    expect(part.readBigUInt64LE(8)).toBe(4_096n);
    return came({ bytes: at(part, 0), control: at(message, 32) });
  };
  const addresses: Buffer[] = [];
  const lib = {
    func: (prototype: string) => {
      const name = /(\w+)\(/.exec(prototype)?.[1] ?? '';
      return (...all: unknown[]) => {
        calls.push(name);
        if (name === 'connect' || name === 'bind') {
          addresses.push(all[1] as Buffer);
          expect([all[0], all[2]]).toEqual([FD, (all[1] as Buffer).length]);
        }
        if (name === 'recvmsg') return recvmsg(all[1] as Buffer);
        const usual = name === 'socket' ? FD : 0;
        return answers[name]?.(...(all as Call)) ?? usual;
      };
    },
  } as unknown as LibraryHandle;
  return { calls, addresses, datagrams: openDatagrams(lib, { errno: () => errno, address }) };
}
const opened = <T extends object>(what: T | string): T => {
  if (typeof what === 'string') throw new Error(what);
  return what;
};

describe('an address', () => {
  it.each<[string, string, string]>([
    ['a path ends with a zero', '/run/x', '\x01\0/run/x\0'],
    ['an abstract name begins with one, and has none at its end', '@x/y', '\x01\0\0x/y'],
  ])('%s', (_, path, want) => {
    const { addresses, datagrams } = scene();
    datagrams.connectDatagram(path);
    datagrams.bindDatagram(path);
    expect(addresses.map((address) => address.toString('latin1'))).toEqual([want, want]);
  });
  it.each<[string, string, boolean]>([
    ['107 bytes and a zero', `/${'x'.repeat(106)}`, true],
    ['108 and a zero', `/${'x'.repeat(107)}`, false],
    ['108 of an abstract name, its zero included', `@${'x'.repeat(107)}`, true],
    ['109', `@${'x'.repeat(108)}`, false],
    ['bytes count, not letters', `/${'ä'.repeat(54)}`, false],
  ])('has room for 108 bytes: %s', (_, path, fits) => {
    const { calls, datagrams } = scene();
    const result = datagrams.connectDatagram(path);
    expect(typeof result === 'string' ? result : 'fits').toBe(fits ? 'fits' : 'ENAMETOOLONG');
    // What is too long is not cut: that would be the address of somebody else.
    expect(calls).toEqual(fits ? ['socket', 'connect'] : []);
  });
});

describe('what cannot be reached', () => {
  it.each(['ENOENT', 'ECONNREFUSED', 'EACCES'] as const)('is named, and its socket is closed (%s)', (name) => {
    const { calls, datagrams } = scene({ connect: () => -1 }, constants.errno[name]);
    expect(datagrams.connectDatagram('/run/x')).toBe(name);
    expect(calls).toEqual(['socket', 'connect', 'close']);
  });
  it('an address that is taken, too', () => {
    const { calls, datagrams } = scene({ bind: () => -1 }, constants.errno.EADDRINUSE);
    expect(datagrams.bindDatagram('/run/x')).toBe('EADDRINUSE');
    expect(calls).toEqual(['socket', 'setsockopt', 'bind', 'close']);
  });
  it('where no socket can be had, none is closed', () => {
    const { calls, datagrams } = scene({ socket: () => -1 }, constants.errno.EMFILE);
    expect(datagrams.connectDatagram('/run/x')).toBe('EMFILE');
    expect(calls).toEqual(['socket']);
  });
  it('an errno without a name is a number', () => {
    const { datagrams } = scene({ connect: () => -1 }, 9_999);
    expect(datagrams.connectDatagram('/run/x')).toBe('errno 9999');
  });
});

describe('sending', () => {
  it.each<[string, number, boolean]>([
    ['all of it was taken', 5, true],
    ['a part of it', 4, false],
    ['nothing: the queue is full', -1, false],
  ])('%s', (_, taken, want) => {
    const { datagrams } = scene({ send: () => taken });
    expect(opened(datagrams.connectDatagram('@x')).send('READY')).toBe(want);
  });
  it('counts bytes, not letters', () => {
    const { datagrams } = scene({ send: () => 4 });
    expect(opened(datagrams.connectDatagram('@x')).send('ää')).toBe(true);
  });
  it('never waits, and never ends the guard with a SIGPIPE', () => {
    const flags: number[] = [];
    const { datagrams } = scene({ send: (_fd, _bytes, _length, how) => flags.push(how) });
    opened(datagrams.connectDatagram('@x')).send('x');
    expect(flags).toEqual([MSG_DONTWAIT | MSG_NOSIGNAL]);
  });
});

describe('receiving', () => {
  /** Writes the credentials as the kernel does. */
  const from = (control: Buffer, pid: number, uid: number): void => {
    control.writeBigUInt64LE(28n);
    for (const [index, value] of [CREDENTIALS.level, CREDENTIALS.type, pid].entries())
      control.writeInt32LE(value, 8 + 4 * index);
    control.writeUInt32LE(uid, 20);
  };

  it('gives back what came and who sent it, and nothing of the one before', () => {
    const came = [
      { text: 'a long message', pid: 7, uid: 0 },
      { text: 'short', pid: 8, uid: 4_294_967_294 },
      { text: 'whose?', pid: 0, uid: 0 },
    ];
    const { datagrams } = scene({}, 0, ({ bytes, control }) => {
      const one = came.shift();
      if (one === undefined) return -1;
      if (one.pid > 0) from(control, one.pid, one.uid);
      return bytes.write(one.text);
    });
    const receiver = opened(datagrams.bindDatagram('@x'));
    const [first, second] = came;
    expect([receiver.receive(), receiver.receive()]).toEqual([first, second]);
    expect(receiver.receive()).toEqual({ text: 'whose?', pid: 0, uid: 65_534 });
    expect(receiver.receive()).toBeUndefined();
  });
  it('an empty one is one', () => {
    const { datagrams } = scene({}, 0, () => 0);
    expect(opened(datagrams.bindDatagram('@x')).receive()).toMatchObject({ text: '' });
  });
  it('asks for the credentials before there is a name that somebody could send to', () => {
    const options: number[] = [];
    const { calls, datagrams } = scene({ setsockopt: (_fd, level, name) => options.push(Number(level), name) * 0 });
    datagrams.bindDatagram('@x');
    expect(calls).toEqual(['socket', 'setsockopt', 'bind']);
    expect(options).toEqual([1, SO_PASSCRED]);
  });
  it('has no name where the kernel does not say who sends', () => {
    const { calls, datagrams } = scene({ setsockopt: () => -1 }, constants.errno.ENOPROTOOPT);
    expect(datagrams.bindDatagram('@x')).toBe('ENOPROTOOPT');
    expect(calls).toEqual(['socket', 'setsockopt', 'close']);
  });
});

const libc = loadLibc();
describe.skipIf(libc === undefined)('between two sockets of this machine', () => {
  let dir: string;
  let open: { close(): void }[];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'datagram-'));
    open = [];
  });
  afterEach(() => {
    for (const one of open) one.close();
    rmSync(dir, { recursive: true });
  });
  const kept = <T extends { close(): void }>(what: T | string | undefined): T => {
    if (what === undefined) throw new Error('no libc');
    const one = opened(what);
    open.push(one);
    return one;
  };
  const receiver = (path: string): DatagramReceiver => kept(libc?.bindDatagram(path));
  const sender = (path: string): DatagramSender => kept(libc?.connectDatagram(path));

  it.each(['path', 'abstract'])('each message arrives whole and by itself (%s)', (kind) => {
    const path = kind === 'path' ? join(dir, 'socket') : `@${dir}`;
    const to = receiver(path);
    const from = sender(path);
    expect(to.receive()).toBeUndefined();
    expect([from.send('READY=1\n'), from.send(Buffer.from('STATUS=grün'))]).toEqual([true, true]);
    const self = { pid: process.pid, uid: process.getuid?.() };
    expect([to.receive(), to.receive(), to.receive()]).toEqual([
      { text: 'READY=1\n', ...self },
      { text: 'STATUS=grün', ...self },
      undefined,
    ]);
  });
  it.skipIf(process.getuid?.() !== 0)(
    'another process is told by its pid and uid, and its descriptors are not taken',
    () => {
      const path = `@${dir}`;
      const to = receiver(path);
      const fds = () => readdirSync('/proc/self/fd').length;
      const before = fds();
      const script = `import array, os, socket
os.setuid(65534)
end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
end.connect("\\0" + ${JSON.stringify(dir)})
end.sendmsg([b"READY=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [os.open("/dev/null", 0)]))])
print(os.getpid())`;
      const pid = Number(execFileSync('python3', ['-c', script], { encoding: 'utf8' }));
      expect([to.receive(), to.receive()]).toEqual([{ text: 'READY=1', pid, uid: 65_534 }, undefined]);
      expect(fds()).toBe(before);
    },
  );
  it('nobody is there', () => {
    expect(libc?.connectDatagram(join(dir, 'socket'))).toBe('ENOENT');
    expect(libc?.connectDatagram(`@${dir}`)).toBe('ECONNREFUSED');
  });
  it('two cannot have one name', () => {
    receiver(join(dir, 'socket'));
    expect(libc?.bindDatagram(join(dir, 'socket'))).toBe('EADDRINUSE');
  });
  it('a receiver that is gone is a message that was not taken', () => {
    const path = `@${dir}`;
    const to = opened(libc?.bindDatagram(path) ?? 'no libc');
    const from = sender(path);
    to.close();
    expect(from.send('READY=1')).toBe(false);
  });
  it('a queue that is full takes no more, and does not wait', () => {
    const path = `@${dir}`;
    receiver(path);
    const from = sender(path);
    let taken = 0;
    while (taken < 100_000 && from.send('x')) taken += 1;
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(100_000);
  });
});
