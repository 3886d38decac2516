import { Command, CommanderError } from 'commander';
import { EXIT, errnoOf, GuardError } from '../errors.ts';
import { writeNow } from '../reporters/sink.ts';
import { COMMANDS } from './commands.ts';

/** Put in by scripts/bundle.mjs. */
declare const __version: string;

const program = new Command('threadguard')
  .description('Stops a command before its threads, processes or memory maps exhaust the machine.')
  .version(__version)
  .enablePositionalOptions()
  .exitOverride()
  .configureOutput({ writeErr: () => {} })
  .addHelpText(
    'after',
    `
Examples:
  threadguard run -- ./server --port 8080
  threadguard run --max-tasks 800 --grace 30s -- java -jar broker.jar
  threadguard run --dry-run --log-format json -- make -j8

Exit status: the command's own; 113 the guard stopped it; 125 the guard failed; 126 not executable; 127 not found.`,
  );
start(process.argv).catch((error: unknown) => {
  process.exit(explain(error));
});

async function start(argv: string[]): Promise<void> {
  const named = COMMANDS[argv[2] ?? ''];
  // Help, and the nearest name to one that there is not, need them all.
  const load = named === undefined ? Object.values(COMMANDS) : [named];
  for (const command of await Promise.all(load.map((one) => one()))) {
    program.addCommand(command.exitOverride().configureOutput({ writeErr: () => {} }));
  }
  await program.parseAsync(argv);
}

/** Prints what went wrong and what to do about it; returns the exit status. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    const [message = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
    if (error.code === 'commander.help') {
      writeNow(program.helpInformation());
      return EXIT.guardFailed;
    }
    const isMissing = error.code === 'commander.missingArgument';
    const suggestion = rest
      .join(' ')
      .trim()
      .replace(/^\(|\)$/g, '');
    writeNow(
      `threadguard: ${isMissing ? 'no COMMAND was given' : message}\n  hint: ${suggestion === '' ? (isMissing ? 'threadguard run [options] -- COMMAND [ARG...]' : 'threadguard run --help lists every option') : suggestion}\n`,
    );
    return EXIT.guardFailed;
  }
  if (error instanceof GuardError) {
    writeNow(`threadguard: ${error.message}\n  hint: ${error.hint}\n`);
    return error.exitCode;
  }
  writeNow(
    `threadguard: internal error: ${error instanceof Error ? (error.stack ?? error.message) : errnoOf(error)}\n  hint: please report this with the command line\n`,
  );
  return EXIT.guardFailed;
}
