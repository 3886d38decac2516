import { createServer, type Server } from 'node:http';
import { errnoOf, GuardError } from '../errors.ts';

/** What a request is answered. */
export interface HttpAnswer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

export interface HttpServer {
  /** Where it listens: the port is chosen by the kernel when 0 was asked for. */
  readonly address: string;
  close(): void;
}

/** A scraper opens one connection; more than these are somebody's mistake, and are closed at once instead of kept waiting. */
const MOST_CONNECTIONS = 16;
/** Whoever does not ask in that time is let go. */
const REQUEST_MS = 2_000;
const KEEP_ALIVE_MS = 30_000;

/**
 * A small server: bounded in connections and time, and bound here and now, so that nothing of it needs a thread or a PID later.
 * `what` is for the sentence when it cannot be had. Bodies of requests are read and thrown away.
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
