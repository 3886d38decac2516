import type { LibraryHandle } from 'koffi';

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 0x80001;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const MSG_NOSIGNAL = 0x4000;
/** Bytes of `sockaddr_un.sun_path`, its zero byte included (unix(7)). */
const PATH_BYTES = 108;
const CHUNK = 256 * 1024;
/** A dump of 30,000 JVM threads has 26 MB. Whoever answers without an end gets no further than this in each millisecond. */
const MOST_BYTES = 40 << 20;
const BYTES_PER_MS = 48 << 10;
/** One wait of many: so that the deadline is kept by a peer that sends a byte now and then. */
const LONGEST_WAIT_MS = 20;

/** Talks over UNIX stream sockets. Node has sockets, but none that can be read without its event loop. */
export interface UnixSockets {
  /**
   * Sends a request and reads the reply to its end, waiting here: no thread is made and no event loop turns. `undefined` if
   * nobody listens, it is not the right one, or nothing came in time; `isWhole` is false if time ran out.
   */
  exchange(
    path: string,
    request: Buffer,
    timeoutMs: number,
    isRight?: (peer: Peer) => boolean,
  ): { bytes: Buffer; isWhole: boolean } | undefined;
}

/** Who made a socket listen: SO_PEERCRED of unix(7). */
export interface Peer {
  /** As this process sees it; 0 for one of another pid namespace. */
  readonly pid: number;
  readonly uid: number;
}

export function openExchange(lib: LibraryHandle): UnixSockets['exchange'] {
  const socket = lib.func('int socket(int domain, int type, int protocol)');
  const setsockopt = lib.func('int setsockopt(int fd, int level, int name, const void *value, uint length)');
  const getsockopt = lib.func('int getsockopt(int fd, int level, int name, void *value, _Inout_ uint *length)');
  const peerOf = (fd: number): Peer => {
    const credentials = Buffer.alloc(12);
    const failed = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, [credentials.length]) !== 0;
    return failed ? { pid: 0, uid: -1 } : { pid: credentials.readInt32LE(0), uid: credentials.readInt32LE(4) };
  };
  const connect = lib.func('int connect(int fd, const void *address, uint length)');
  const send = lib.func('long send(int fd, const void *bytes, size_t length, int flags)');
  const recv = lib.func('long recv(int fd, void *bytes, size_t length, int flags)');
  const close = lib.func('int close(int fd)');

  return (path, request, timeoutMs, isRight = () => true) => {
    const name = Buffer.from(path);
    if (name.length >= PATH_BYTES) return undefined;
    const address = Buffer.alloc(2 + PATH_BYTES);
    address.writeUInt16LE(AF_UNIX, 0);
    name.copy(address, 2);
    const fd = socket(AF_UNIX, SOCK_STREAM_CLOEXEC, 0) as number;
    if (fd < 0) return undefined;
    try {
      const end = performance.now() + timeoutMs;
      const wait = Buffer.alloc(16);
      wait.writeBigInt64LE(BigInt(Math.ceil(Math.min(LONGEST_WAIT_MS, timeoutMs) * 1000)), 8);
      for (const option of [SO_RCVTIMEO, SO_SNDTIMEO]) setsockopt(fd, SOL_SOCKET, option, wait, wait.length);
      if (connect(fd, address, address.length) !== 0 || !isRight(peerOf(fd))) return undefined;
      if (send(fd, request, request.length, MSG_NOSIGNAL) !== request.length) return undefined;
      const chunks: Buffer[] = [];
      let total = 0;
      const most = Math.min(MOST_BYTES, Math.max(CHUNK, timeoutMs * BYTES_PER_MS));
      while (total < most) {
        const chunk = Buffer.allocUnsafe(CHUNK);
        const length = Number(recv(fd, chunk, chunk.length, 0));
        if (length === 0) return { bytes: Buffer.concat(chunks), isWhole: true };
        if (length > 0) {
          chunks.push(chunk.subarray(0, length));
          total += length;
        }
        if (performance.now() >= end) break;
      }
      return total === 0 ? undefined : { bytes: Buffer.concat(chunks), isWhole: false };
    } finally {
      close(fd);
    }
  };
}
