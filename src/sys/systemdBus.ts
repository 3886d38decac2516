import { createConnection, type Socket } from 'node:net';
import { errnoOf } from '../errors.ts';
import { type DbusCall, type DbusReply, decodeReply, encodeCall } from './dbusMessage.ts';

/** An answer of systemd has some hundred bytes, and its signals a few thousand. */
const MOST_BYTES = 1 << 20;

/** systemd's own socket: it needs no message bus. It takes root, or in a user's runtime directory that user. */
export function managerSocket(uid: number, env: NodeJS.ProcessEnv): string {
  return uid === 0 ? '/run/systemd/private' : `${env['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`}/systemd/private`;
}

/**
 * One call to a manager of systemd, and its answer. The peer is systemd itself, so there is no Hello (D-Bus Specification,
 * "Authentication Protocol": EXTERNAL with the uid in hex). `error` where it refused, could not be reached or did not answer
 * in time.
 */
export function callManager(path: string, uid: number, call: DbusCall, timeoutMs: number): Promise<DbusReply> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    const end = (error: string | undefined): void => {
      clearTimeout(deadline);
      socket.destroy();
      resolve({ error });
    };
    // Not the timeout of the socket: every word of a peer that never answers would begin that anew.
    const deadline = setTimeout(() => end(`no answer within ${timeoutMs} ms`), timeoutMs);
    socket.once('error', (error) => end(`${path}: ${errnoOf(error)}`));
    socket.once('close', () => end(`${path} closed the connection`));
    socket.once('connect', () => {
      socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString('hex')}\r\n`);
    });
    converse(socket, call, end);
  });
}

function converse(socket: Socket, call: DbusCall, end: (error: string | undefined) => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  let isIn = false;
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length > MOST_BYTES) return end('its answer has no end');
    if (!isIn) {
      const line = bytes.indexOf('\r\n');
      if (line === -1) return;
      const answer = bytes.toString('latin1', 0, line);
      if (!answer.startsWith('OK ')) return end(`it did not let us in (${answer.slice(0, 80)})`);
      isIn = true;
      bytes = bytes.subarray(line + 2);
      socket.write(Buffer.concat([Buffer.from('BEGIN\r\n'), encodeCall(call, 1)]));
    }
    for (let message = decodeReply(bytes); message !== undefined; message = decodeReply(bytes)) {
      bytes = bytes.subarray(message.length);
      if (message.reply !== undefined) return end(message.reply.error);
    }
  });
}
