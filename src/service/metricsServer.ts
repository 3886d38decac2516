import { Connections, mostConnections } from './connections.ts';
import { type HttpAnswer, type HttpServer, openHttpServer } from './httpServer.ts';

/** The text is rendered no more often than this, so fifty scrapes cost as much as one. */
const FRESH_MS = 1_000;

/** Serves `GET /metrics`, to as many connections as fit into `openFiles`. A page that cannot be rendered is answered with 503. */
export function openMetricsServer(
  address: string,
  page: { readonly type: string; render(): Promise<string> },
  now: () => number,
  openFiles?: number | undefined,
): Promise<HttpServer> {
  let made: { readonly text: Promise<string>; readonly atMs: number } | undefined;
  const text = (): Promise<string> => {
    if (made === undefined || now() - made.atMs >= FRESH_MS) made = { text: page.render(), atMs: now() };
    return made.text;
  };
  const answer = async (method: string, path: string): Promise<HttpAnswer> => {
    if (method !== 'GET' && method !== 'HEAD') return { code: 405, type: 'text/plain', body: 'only GET\n' };
    if (path === '/') return { code: 200, type: 'text/html', body: '<a href="/metrics">metrics</a>\n' };
    if (path !== '/metrics') return { code: 404, type: 'text/plain', body: 'there is /metrics\n' };
    try {
      return { code: 200, type: page.type, body: await text() };
    } catch {
      return { code: 503, type: 'text/plain', body: 'not now\n' };
    }
  };
  return openHttpServer(address, 'metrics', answer, new Connections(mostConnections(openFiles)));
}
