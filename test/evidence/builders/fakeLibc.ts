import { readlinkSync } from 'node:fs';
import type { Libc } from '../../../src/sys/libc.ts';
import type { Peer } from '../../../src/sys/unixSocket.ts';

/** What was sent to a socket, and for how long an answer was waited for. */
export interface Exchange {
  readonly path: string;
  readonly words: readonly string[];
  readonly timeoutMs: number;
}

/** Who listens, if nobody else is named. */
const JVM: Peer = { pid: 42, uid: 0 };

/** A libc whose every exchange is answered with this text; `undefined` if nobody answers. All other calls are missing. */
export function fakeLibc(
  answer: string | undefined | ((exchange: Exchange) => string | undefined),
  peer: Peer = JVM,
): {
  readonly libc: Libc;
  readonly exchanges: readonly Exchange[];
} {
  const exchanges: Exchange[] = [];
  const exchange: Libc['exchange'] = (link, request, timeoutMs, isRight) => {
    if (isRight?.(peer) === false) return undefined;
    // The socket is held: what is connected to is the kernel's link to it.
    const one = { path: readlinkSync(link), words: request.toString().split('\0').slice(0, -1), timeoutMs };
    exchanges.push(one);
    const text = typeof answer === 'function' ? answer(one) : answer;
    return text === undefined ? undefined : { bytes: Buffer.from(text), isWhole: true };
  };
  return { libc: { exchange, openBeneath: () => undefined } as unknown as Libc, exchanges };
}
