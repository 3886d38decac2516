import type { Libc } from '../../../src/sys/libc.ts';

/** What was sent to a socket, and for how long an answer was waited for. */
export interface Exchange {
  readonly path: string;
  readonly words: readonly string[];
  readonly timeoutMs: number;
}

/** A libc whose every exchange is answered with this text; `undefined` if nobody answers. All other calls are missing. */
export function fakeLibc(answer: string | undefined | ((exchange: Exchange) => string | undefined)): {
  readonly libc: Libc;
  readonly exchanges: readonly Exchange[];
} {
  const exchanges: Exchange[] = [];
  const exchange: Libc['exchange'] = (path, request, timeoutMs) => {
    const one = { path, words: request.toString().split('\0').slice(0, -1), timeoutMs };
    exchanges.push(one);
    const text = typeof answer === 'function' ? answer(one) : answer;
    return text === undefined ? undefined : { bytes: Buffer.from(text), isWhole: true };
  };
  return { libc: { exchange } as Libc, exchanges };
}
