import { writeNow } from '../reporters/sink.ts';
import { failureOf } from './failure.ts';
import { execute } from './program.ts';

/** Put in by scripts/bundle.mjs. */
declare const __version: string;

execute(process.argv.slice(2), __version).catch((error: unknown) => {
  const { exitCode, text } = failureOf(error);
  if (text !== '') writeNow(text);
  process.exit(exitCode);
});
