import { createServer, type Server, type ServerResponse } from 'node:http';
import { errnoOf, GuardError } from '../errors.ts';

export interface MetricsServer {
  /** Where it listens: the port is chosen by the kernel when 0 was asked for. */
  readonly address: string;
  close(): void;
}

/** A scraper opens one connection; more than these are somebody's mistake, and are closed at once instead of kept waiting. */
const MOST_CONNECTIONS = 16;
/** Whoever does not ask in that time is let go. */
const REQUEST_MS = 2_000;
const KEEP_ALIVE_MS = 30_000;
/** A text is rendered this often at most, whoever asks: fifty scrapes cost what one does. */
const FRESH_MS = 1_000;

/**
 * Serves `GET /metrics`. Resolved and bound here and now: after the command has started nothing of it needs a thread or a PID.
 */
export async function openMetricsServer(
  address: string,
  page: { readonly type: string; render(): Promise<string> },
  now: () => number,
): Promise<MetricsServer> {
  const { host, port } = parseAddress(address);
  let made: { readonly text: Promise<string>; readonly atMs: number } | undefined;
  const text = (): Promise<string> => {
    if (made === undefined || now() - made.atMs >= FRESH_MS) made = { text: page.render(), atMs: now() };
    return made.text;
  };
  const server = createServer({ connectionsCheckingInterval: REQUEST_MS }, (request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405, 'text/plain', 'only GET\n');
    else if (path === '/metrics') {
      text().then(
        (body) => answer(response, 200, page.type, body),
        () => answer(response, 503, 'text/plain', 'not now\n'),
      );
    } else if (path === '/') answer(response, 200, 'text/html', '<a href="/metrics">metrics</a>\n');
    else answer(response, 404, 'text/plain', 'there is /metrics\n');
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = REQUEST_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await listen(server, host, port, address);
  server.on('error', () => {});
  server.unref();
  const bound = server.address();
  return {
    address: typeof bound === 'object' && bound !== null ? `${bound.address}:${bound.port}` : address,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
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

function listen(server: Server, host: string, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const errno = errnoOf(error);
      const hint =
        errno === 'EADDRINUSE'
          ? `somebody listens there already (ss -ltnp 'sport = :${port}'): choose another port`
          : 'choose an address of this machine, like 127.0.0.1:9464';
      reject(new GuardError('no-metrics', `cannot serve metrics on ${address} (${errno})`, { hint, cause: error }));
    });
    server.listen({ host, port, backlog: MOST_CONNECTIONS }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}
