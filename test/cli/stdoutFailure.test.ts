import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { onStdoutFailure } from '../../src/cli/stdoutFailure.ts';

function failed(code: string, isHandled = false): { readonly exits: number[]; readonly said: string[] } {
  const stream = new EventEmitter();
  const exits: number[] = [];
  const said: string[] = [];
  onStdoutFailure(stream, { exit: (status) => exits.push(status), say: (text) => said.push(text) });
  if (isHandled) stream.once('error', () => {});
  stream.emit('error', Object.assign(new Error(`write ${code}`), { code }));
  return { exits, said };
}

it('a reader that is gone ends it without a word', () => {
  expect(failed('EPIPE')).toEqual({ exits: [0], said: [] });
});
it('who waits for its own writes is left alone', () => {
  expect(failed('ENOSPC', true)).toEqual({ exits: [], said: [] });
});
it.for(['ENOSPC', 'EIO', 'EBADF'])('%s is told, and is a failure', (code) => {
  const { exits, said } = failed(code);
  expect(exits).toEqual([125]);
  expect(said).toEqual([
    expect.stringMatching(new RegExp(`^threadguard: cannot write to stdout \\(${code}\\)\\n  hint: .+\\n$`)),
  ]);
});
