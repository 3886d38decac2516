import { constants } from 'node:os';
import type { LibraryHandle } from 'koffi';

/** Sends datagrams to one UNIX socket, without waiting. */
export interface DatagramSender {
  /** False when it was not taken: nobody is there any more, or the queue is full. */
  send(what: string | Buffer): boolean;
  close(): void;
}

/** A datagram, and who sent it as the kernel knows it: nobody can give the pid of another process without CAP_SYS_ADMIN. */
export interface Datagram {
  readonly text: string;
  /** 0 where the sender has no number in our pid namespace. */
  readonly pid: number;
  readonly uid: number;
}

/** Receives what others send to a UNIX socket of our own. */
export interface DatagramReceiver {
  /** The next one, or `undefined` when none has come. Never waits. */
  receive(): Datagram | undefined;
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
const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const SCM_CREDENTIALS = 2;
/** `struct cmsghdr` (length, level, type) and `struct ucred` (pid, uid, gid), and a filling. */
const CONTROL_BYTES = 32;
/** `struct msghdr` of 64 bits: the offsets of what is used. */
const MESSAGE = { bytes: 56, parts: 16, partCount: 24, control: 32, controlBytes: 40 };
/** The overflow uid of the kernel. */
const NOBODY = 65_534;
/** Bytes of `sockaddr_un.sun_path` (unix(7)). */
const PATH_BYTES = 108;
/** systemd itself takes no longer notification. */
const MOST_BYTES = 4_096;

/** What koffi can tell of itself. */
export interface Native {
  errno(): number;
  /** Where the bytes of a buffer lie. */
  address(buffer: Buffer): bigint;
}

/** The calls for UNIX datagrams: Node has none (nodejs/node#29339). */
export function openDatagrams(lib: LibraryHandle, { address: locate, errno }: Native): Datagrams {
  const socket = lib.func('int socket(int domain, int type, int protocol)');
  const connect = lib.func('int connect(int fd, const void *address, uint length)');
  const bind = lib.func('int bind(int fd, const void *address, uint length)');
  const send = lib.func('long send(int fd, const void *bytes, size_t length, int flags)');
  const setsockopt = lib.func('int setsockopt(int fd, int level, int name, const void *value, uint length)');
  const recvmsg = lib.func('long recvmsg(int fd, void *message, int flags)');
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
      const one = Buffer.from([1, 0, 0, 0]);
      // Before there is a name: nothing may come without the credentials of its sender.
      const fd = open(path, (socket, ...where) =>
        setsockopt(socket, SOL_SOCKET, SO_PASSCRED, one, one.length) === 0 ? (bind(socket, ...where) as number) : -1,
      );
      if (typeof fd === 'string') return fd;
      const room = makeRoom(locate);
      return {
        receive: () => {
          room.message.writeBigUInt64LE(BigInt(CONTROL_BYTES), MESSAGE.controlBytes);
          const length = Number(recvmsg(fd, room.message, MSG_DONTWAIT));
          if (length < 0) return undefined;
          return { text: room.bytes.toString('utf8', 0, length), ...credentialsOf(room.control) };
        },
        close: () => void close(fd),
      };
    },
  };
}

interface Room {
  readonly message: Buffer;
  readonly bytes: Buffer;
  readonly control: Buffer;
  /** Named by the message, which knows only its address: it must live as long. */
  readonly part: Buffer;
}

/**
 * A `struct msghdr` with room for one datagram and for the credentials of its sender, and for nothing else: so the kernel
 * closes descriptors that come with it, and they cannot use up ours.
 */
function makeRoom(locate: Native['address']): Room {
  const bytes = Buffer.alloc(MOST_BYTES);
  const control = Buffer.alloc(CONTROL_BYTES);
  const part = Buffer.alloc(16);
  part.writeBigUInt64LE(locate(bytes), 0);
  part.writeBigUInt64LE(BigInt(bytes.length), 8);
  const message = Buffer.alloc(MESSAGE.bytes);
  message.writeBigUInt64LE(locate(part), MESSAGE.parts);
  message.writeBigUInt64LE(1n, MESSAGE.partCount);
  message.writeBigUInt64LE(locate(control), MESSAGE.control);
  return { message, bytes, control, part };
}

/** Pid 0 is nobody. */
function credentialsOf(control: Buffer): { pid: number; uid: number } {
  const isThere = control.readInt32LE(8) === SOL_SOCKET && control.readInt32LE(12) === SCM_CREDENTIALS;
  const sender = isThere ? { pid: control.readInt32LE(16), uid: control.readUInt32LE(20) } : { pid: 0, uid: NOBODY };
  control.fill(0);
  return sender;
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
