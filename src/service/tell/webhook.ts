import { type LookupAddress, lookup } from 'node:dns';
import { Agent as HttpAgent, type RequestOptions, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { connect, type LookupFunction } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbortError } from 'p-retry';
import { errnoOf } from '../../errors.ts';

/** One receiver over HTTP or HTTPS. */
export interface Webhook {
  /** Resolves when the receiver took it. Rejects with what went wrong: an AbortError when it must not be tried again. */
  post(body: string, timeoutMs: number): Promise<void>;
  close(): void;
}

/** An answer is read to its end so that the connection can be used again, but no further than this. */
const MOST_ANSWER_BYTES = 64 * 1024;
const WAIT_AT_START_MS = 1_000;

/**
 * The name is resolved and a connection is tried before the command starts. At the moment of need a lookup would need a
 * thread, and a wrong certificate would be found too late. `problem` says what will not work; the receiver is tried all
 * the same.
 */
export async function openWebhook(url: URL): Promise<{ readonly hook: Webhook; readonly problem: string | undefined }> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  let known: LookupAddress[] = [];
  const found = await withPatience(resolve(host));
  if (Array.isArray(found)) known = found;
  const early = known.length === 0 ? found : await withPatience(tryOut(url, host, known[0] as LookupAddress));
  const problem = typeof early === 'string' ? early : undefined;

  const isTls = url.protocol === 'https:';
  const agent = isTls
    ? new HttpsAgent({ keepAlive: true, maxSockets: 1 })
    : new HttpAgent({ keepAlive: true, maxSockets: 1 });
  const find: LookupFunction = (name, options, callback) => {
    if (known.length === 0) lookup(name, options, (error, address, family) => callback(error, address, family));
    else if (options.all === true) callback(null, known);
    else callback(null, (known[0] as LookupAddress).address, (known[0] as LookupAddress).family);
  };
  return {
    problem,
    hook: {
      post: (body, timeoutMs) =>
        new Promise((taken, refused) => {
          const options: RequestOptions = {
            method: 'POST',
            agent,
            lookup: find,
            headers: {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(body),
              'user-agent': 'threadguard',
            },
          };
          const request = (isTls ? requestHttps : requestHttp)(url, options, (response) => {
            const { statusCode = 0 } = response;
            let bytes = 0;
            response.on('data', (chunk: Buffer) => {
              bytes += chunk.length;
              if (bytes > MOST_ANSWER_BYTES) response.destroy();
            });
            response.on('error', () => {});
            response.on('close', () => clearTimeout(timer));
            if (statusCode >= 200 && statusCode < 300) taken();
            else if (statusCode === 408 || statusCode === 429 || statusCode >= 500)
              refused(new Error(`it answers ${statusCode}`));
            else refused(new AbortError(`it answers ${statusCode}`));
          });
          // The deadline is for all of it: a receiver that sends a byte a second is too slow as well.
          const timer = setTimeout(() => request.destroy(new Error('it does not answer in time')), timeoutMs);
          request.on('error', (error) => {
            clearTimeout(timer);
            // The receiver may have moved to another address.
            known = [];
            refused(new Error(errnoOf(error)));
          });
          request.end(body);
        }),
      close: () => agent.destroy(),
    },
  };
}

function resolve(host: string): Promise<LookupAddress[] | string> {
  return new Promise((done) => {
    lookup(host, { all: true }, (error, addresses) =>
      done(error === null ? addresses : `cannot resolve ${host} (${errnoOf(error)})`),
    );
  });
}

/** Opens a connection and closes it again. Nothing is sent. */
function tryOut(url: URL, host: string, { address }: LookupAddress): Promise<string | undefined> {
  const isTls = url.protocol === 'https:';
  const port = Number(url.port === '' ? (isTls ? 443 : 80) : url.port);
  return new Promise((done) => {
    // A literal address is no server name (RFC 6066, section 3).
    const isName = !/^[\d.]+$|:/.test(host);
    const socket = isTls
      ? connectTls({ host: address, port, ...(isName ? { servername: host } : {}) })
      : connect({ host: address, port });
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      socket.destroy();
      done(undefined);
    });
    socket.once('error', (error) => done(errnoOf(error)));
  });
}

/** What is found within a second. The timer is referenced: at the start nothing else may keep this process alive. */
async function withPatience<T>(found: Promise<T>): Promise<T | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((done) => {
    timer = setTimeout(() => done('it does not answer within a second'), WAIT_AT_START_MS);
  });
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}
