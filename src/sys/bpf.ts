import { createRequire } from 'node:module';

/** A map that is kept by the kernel: the entry that was used least gives way when it is full (BPF_MAP_TYPE_LRU_HASH). */
export interface BpfMapWish {
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly mostEntries: number;
}

/** bpf(2), as far as a small program at a tracepoint needs it. Descriptors are closed with the events (`PerfEvents.close`). */
export interface Bpf {
  /** A descriptor, or the number of the error, negative; so with `loadProgram`. */
  createMap(wish: BpfMapWish): number;
  /** A program for tracepoints. The kernel checks it: it may read memory, and cannot loop, wait or write. */
  loadProgram(instructions: Buffer): number;
  /** Runs a program at each event of a tracepoint, for as long as the event is open. */
  hang(eventFd: number, programFd: number): boolean;
  update(mapFd: number, key: Buffer, value: Buffer): boolean;
  /** Fills `value`; false if the map has no such key. */
  lookUp(mapFd: number, key: Buffer, value: Buffer): boolean;
}

const SYS_BPF_X64 = 321;
const MAP_CREATE = 0;
const MAP_LOOKUP_ELEM = 1;
const MAP_UPDATE_ELEM = 2;
const PROG_LOAD = 5;
const MAP_TYPE_LRU_HASH = 9;
const PROG_TYPE_TRACEPOINT = 5;
const PERF_EVENT_IOC_SET_BPF = 0x40042408;
const INSTRUCTION_BYTES = 8;
/** bpf_probe_read_user is lent only to programs whose licence agrees with that of the kernel. */
const LICENSE = Buffer.from('Dual MIT/GPL\0');

/** `undefined` without koffi, and on other processors. Whether the kernel permits it shows with the first map. */
export function loadBpf(): Bpf | undefined {
  if (process.arch !== 'x64') return undefined;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const lib = koffi.load('libc.so.6');
    const call = lib.func('long syscall(long number, int command, void *attr, uint size)');
    const ioctl = lib.func('int ioctl(int fd, ulong request, long argument)');
    const bpf = (command: number, attr: Buffer): number => {
      const answer = Number(call(SYS_BPF_X64, command, attr, attr.length));
      return answer < 0 ? -koffi.errno() : answer;
    };
    const addressOf = (buffer: Buffer): bigint => BigInt(koffi.address(buffer));
    /** `union bpf_attr` of the commands for one entry: map, key, value; flags 0 is BPF_ANY. */
    const entry = Buffer.alloc(32);
    const withEntry = (command: number, mapFd: number, key: Buffer, value: Buffer): boolean => {
      entry.writeUInt32LE(mapFd, 0);
      entry.writeBigUInt64LE(addressOf(key), 8);
      entry.writeBigUInt64LE(addressOf(value), 16);
      return bpf(command, entry) === 0;
    };
    return {
      createMap: ({ keyBytes, mostEntries, valueBytes }) => {
        const attr = Buffer.alloc(72);
        for (const [index, value] of [MAP_TYPE_LRU_HASH, keyBytes, valueBytes, mostEntries].entries()) {
          attr.writeUInt32LE(value, index * 4);
        }
        return bpf(MAP_CREATE, attr);
      },
      loadProgram: (instructions) => {
        const attr = Buffer.alloc(72);
        attr.writeUInt32LE(PROG_TYPE_TRACEPOINT, 0);
        attr.writeUInt32LE(instructions.length / INSTRUCTION_BYTES, 4);
        attr.writeBigUInt64LE(addressOf(instructions), 8);
        attr.writeBigUInt64LE(addressOf(LICENSE), 16);
        return bpf(PROG_LOAD, attr);
      },
      hang: (eventFd, programFd) => ioctl(eventFd, PERF_EVENT_IOC_SET_BPF, programFd) === 0,
      update: (mapFd, key, value) => withEntry(MAP_UPDATE_ELEM, mapFd, key, value),
      lookUp: (mapFd, key, value) => withEntry(MAP_LOOKUP_ELEM, mapFd, key, value),
    };
  } catch {
    return undefined;
  }
}
