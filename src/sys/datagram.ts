import { constants } from 'node:os';
import type { LibraryHandle } from 'koffi';

/** Sends datagrams to one UNIX socket, without waiting. */
export interface DatagramSender {
  /** False when it was not taken: nobody is there any more, or the queue is full. */
  send(what: string | Buffer): boolean;
  close(): void;
}

/** Receives what others send to a UNIX socket of our own. */
export interface DatagramReceiver {
  /** The next one, or `undefined` when none has come. Never waits. */
  receive(): string | undefined;
  close(): void;
}

export interface Datagrams {
  /** `@name` is a name in the abstract namespace. The name of an errno when it cannot be reached. */
  connectDatagram(path: string): DatagramSender | string;
  bindDatagram(path: string): DatagramReceiver | string;
}

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 0x80002;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** Bytes of `sockaddr_un.sun_path` (unix(7)). */
const PATH_BYTES = 108;
/** systemd itself takes no longer notification. */
const MOST_BYTES = 4_096;

/** The calls for UNIX datagrams: Node has none (nodejs/node#29339). */
export function openDatagrams(lib: LibraryHandle, errno: () => number): Datagrams {
  const socket = lib.func('int socket(int domain, int type, int protocol)');
  const connect = lib.func('int connect(int fd, const void *address, uint length)');
  const bind = lib.func('int bind(int fd, const void *address, uint length)');
  const send = lib.func('long send(int fd, const void *bytes, size_t length, int flags)');
  const recv = lib.func('long recv(int fd, void *bytes, size_t length, int flags)');
  const close = lib.func('int close(int fd)');

  const open = (path: string, use: (fd: number, address: Buffer, length: number) => number): number | string => {
    const address = addressOf(path);
    if (address === undefined) return 'ENAMETOOLONG';
    const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0) as number;
    if (fd < 0) return errnoName(errno());
    if (use(fd, address, address.length) === 0) return fd;
    const name = errnoName(errno());
    close(fd);
    return name;
  };
  return {
    connectDatagram: (path) => {
      const fd = open(path, (...all) => connect(...all) as number);
      if (typeof fd === 'string') return fd;
      return {
        send: (what) => {
          const bytes = typeof what === 'string' ? Buffer.from(what) : what;
          return Number(send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL)) === bytes.length;
        },
        close: () => void close(fd),
      };
    },
    bindDatagram: (path) => {
      const fd = open(path, (...all) => bind(...all) as number);
      if (typeof fd === 'string') return fd;
      const bytes = Buffer.alloc(MOST_BYTES);
      return {
        receive: () => {
          const length = Number(recv(fd, bytes, bytes.length, MSG_DONTWAIT));
          return length < 0 ? undefined : bytes.toString('utf8', 0, length);
        },
        close: () => void close(fd),
      };
    },
  };
}

/** `struct sockaddr_un`: a path ends with a zero byte, an abstract name begins with one and has none at its end. */
function addressOf(path: string): Buffer | undefined {
  const isAbstract = path.startsWith('@');
  const name = Buffer.from(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > PATH_BYTES) return undefined;
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat([family, name]);
}

function errnoName(number: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`;
}
