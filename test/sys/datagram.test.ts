import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LibraryHandle } from 'koffi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DatagramReceiver, type DatagramSender, openDatagrams } from '../../src/sys/datagram.ts';
import { loadLibc } from '../../src/sys/libc.ts';

const FD = 7;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

type Call = [fd: number, bytes: Buffer, length: number, flags: number];
/** A libc that takes notes. Each call of `answers` gives back what it says, and 0 without it. */
function scene(answers: Readonly<Record<string, (...all: Call) => number>> = {}, errno = 0) {
  const calls: string[] = [];
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
        const usual = name === 'socket' ? FD : 0;
        return answers[name]?.(...(all as Call)) ?? usual;
      };
    },
  } as unknown as LibraryHandle;
  return { calls, addresses, datagrams: openDatagrams(lib, () => errno) };
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
    expect(calls).toEqual(['socket', 'bind', 'close']);
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
  it('gives back what came, and nothing of the one before', () => {
    const texts = ['a long message', 'short'];
    const { datagrams } = scene({ recv: (_fd, bytes) => bytes.write(texts.shift() ?? '') });
    const receiver = opened(datagrams.bindDatagram('@x'));
    expect([receiver.receive(), receiver.receive()]).toEqual(['a long message', 'short']);
  });
  it('an empty one is one', () => {
    const { datagrams } = scene({ recv: () => 0 });
    expect(opened(datagrams.bindDatagram('@x')).receive()).toBe('');
  });
  it('none has come', () => {
    const { datagrams } = scene({ recv: () => -1 });
    expect(opened(datagrams.bindDatagram('@x')).receive()).toBeUndefined();
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
    expect([to.receive(), to.receive(), to.receive()]).toEqual(['READY=1\n', 'STATUS=grün', undefined]);
  });
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
