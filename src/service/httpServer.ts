import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { errnoOf, GuardError } from '../errors.ts';
import { Connections, mostConnections } from './connections.ts';

/** The answer to a request. */
export interface HttpAnswer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

/** A server that is listening. */
export interface HttpServer {
  /** Where it listens. The kernel chooses the port when 0 was asked for. */
  readonly address: string;
  close(): void;
}

/** A connection that does not ask within this time is closed. */
const REQUEST_MS = 2_000;
const KEEP_ALIVE_MS = 30_000;
/** One on which nothing moves while it is answered: its reader does not read. */
const STUCK_MS = 10_000;
/** Of the first lines of a request; the default of Node is twice this. */
const MOST_HEADER_BYTES = 8_192;
/** A request with a longer body ends with its connection. */
const MOST_BODY_BYTES = 1 << 20;
/** Connections that wait in the kernel until the loop turns. Where they are too few a client tries again after a second. */
const BACKLOG = 511;

/**
 * A small server. Its connections, their bytes and their time are bounded, and it is listening when this resolves, so nothing
 * needs a thread or a PID later. One connection too many closes another one that says nothing (`Connections`). `what` is for
 * the sentence of the error: a GuardError (125) when the address is none or taken. Bodies of requests are read and dropped.
 */
export async function openHttpServer(
  address: string,
  what: string,
  answer: (method: string, path: string) => HttpAnswer | Promise<HttpAnswer>,
  connections: Connections<Socket> = new Connections(mostConnections(undefined)),
): Promise<HttpServer> {
  const { host, port } = parseAddress(address);
  const limits = { connectionsCheckingInterval: REQUEST_MS, maxHeaderSize: MOST_HEADER_BYTES };
  const server = createServer(limits, async (request, response) => {
    connections.asks(request.socket);
    response.on('close', () => connections.rests(request.socket));
    dropBody(request);
    const path = (request.url ?? '/').split('?')[0] as string;
    const { body, code, type } = await answer(request.method ?? 'GET', path);
    response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.remove(socket));
  });
  server.timeout = STUCK_MS;
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = REQUEST_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await listen(server, host, port, `cannot serve ${what} on ${address}`);
  server.on('error', () => {});
  server.unref();
  const bound = server.address() as { readonly address: string; readonly port: number };
  return {
    address: `${bound.address.includes(':') ? `[${bound.address}]` : bound.address}:${bound.port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function dropBody(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) request.socket.destroy();
  });
}

/** `127.0.0.1:9464`, `[::1]:9464`, `localhost:0`. */
function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new GuardError('bad-address', `${JSON.stringify(text)} is no address with a port`, {
      hint: 'like 127.0.0.1:9464 or [::1]:9464',
    });
  }
  return { host: (match[1] ?? match[2]) as string, port };
}

function listen(server: Server, host: string, port: number, failure: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const errno = errnoOf(error);
      const hint =
        errno === 'EADDRINUSE'
          ? `somebody listens there already (ss -ltnp 'sport = :${port}'): choose another port`
          : 'choose an address of this machine, like 127.0.0.1:9464';
      reject(new GuardError('no-server', `${failure} (${errno})`, { hint, cause: error }));
    });
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}
