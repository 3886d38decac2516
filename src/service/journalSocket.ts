import { fstatSync } from 'node:fs';
import type { DatagramSender } from '../sys/datagram.ts';
import type { Libc } from '../sys/libc.ts';

const SOCKET = '/run/systemd/journal/socket';

/**
 * Whether stderr goes to the journal. systemd gives the device and inode of the stream in `JOURNAL_STREAM`
 * (systemd.exec(5)). A shell that redirects stderr leaves the variable as it was, so both are compared with the
 * descriptor.
 */
export function isJournal(env: NodeJS.ProcessEnv, fd = 2): boolean {
  const [dev, ino] = (env['JOURNAL_STREAM'] ?? '').split(':').map(Number);
  if (dev === undefined || ino === undefined) return false;
  try {
    const stat = fstatSync(fd);
    return stat.dev === dev && stat.ino === ino;
  } catch {
    return false;
  }
}

/** The journal's own socket; `undefined` where it cannot be connected. */
export function openJournal(libc: Libc | undefined, path: string = SOCKET): DatagramSender | undefined {
  const sender = libc?.connectDatagram(path);
  return typeof sender === 'object' ? sender : undefined;
}
