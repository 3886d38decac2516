import { writeNow } from '../reporters/sink.ts';
import { failureOf } from './failure.ts';
import { execute } from './program.ts';
import { onStdoutFailure } from './stdoutFailure.ts';

/** Put in by scripts/bundle.mjs. */
declare const __version: string;

const words = process.argv.slice(2);
// The stdout of a command that is guarded is its own.
if (words[0] !== 'run') onStdoutFailure(process.stdout, { exit: process.exit, say: writeNow });
execute(words, __version).catch((error: unknown) => {
  const { exitCode, text } = failureOf(error);
  // Help is on its way out, and that may fail yet.
  if (exitCode === 0) return;
  if (text !== '') writeNow(text);
  process.exit(exitCode);
});
