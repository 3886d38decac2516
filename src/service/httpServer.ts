import { createServer, type Server } from 'node:http';
import { errnoOf, GuardError } from '../errors.ts';

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

/** A scraper opens one connection. More than this many are a mistake: they are closed at once instead of kept waiting. */
const MOST_CONNECTIONS = 16;
/** A connection that does not ask within this time is closed. */
const REQUEST_MS = 2_000;
const KEEP_ALIVE_MS = 30_000;

/**
 * A small server. Its connections and their time are bounded, and it is listening when this resolves, so nothing needs a
 * thread or a PID later. `what` is for the sentence of the error: a GuardError (125) when the address is none or taken.
 * Bodies of requests are read and dropped.
 */
export async function openHttpServer(
  address: string,
  what: string,
  answer: (method: string, path: string) => HttpAnswer | Promise<HttpAnswer>,
): Promise<HttpServer> {
  const { host, port } = parseAddress(address);
  const server = createServer({ connectionsCheckingInterval: REQUEST_MS }, async (request, response) => {
    request.resume();
    const path = (request.url ?? '/').split('?')[0] as string;
    const { body, code, type } = await answer(request.method ?? 'GET', path);
    response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  server.maxConnections = MOST_CONNECTIONS;
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
    server.listen({ host, port, backlog: MOST_CONNECTIONS }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}
