import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { writeOut } from '../../src/sys/writeOut.ts';

it('waits until it is written', async () => {
  const written: string[] = [];
  const stream = new Writable({
    write: (chunk, _, done) => {
      written.push(String(chunk));
      setImmediate(done);
    },
  });
  await writeOut('verdict\n', stream);
  expect([written, stream.listenerCount('error')]).toEqual([['verdict\n'], 0]);
});

it('a reader that is gone is an error with a hint, and not the end of the process', async () => {
  const stream = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  });
  await expect(writeOut('verdict\n', stream)).rejects.toMatchObject({
    code: 'no-stdout',
    message: 'cannot write to stdout (EPIPE)',
    exitCode: 125,
  });
});
