import type { Command, CommanderError } from 'commander';

/** Words that a command does not take, with the command that refused them. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly refusal: CommanderError;
  readonly command: Command;
  /** How the command is called: `threadguard config check`. */
  readonly path: string;

  constructor(refusal: CommanderError, command: Command, path: string) {
    super(refusal.message);
    this.refusal = refusal;
    this.command = command;
    this.path = path;
  }
}

/** Makes a command, and all commands below it, throw a UsageError where commander would print and exit. */
export function withRefusals(command: Command, path: string): Command {
  for (const inner of command.commands) withRefusals(inner, `${path} ${inner.name()}`);
  return command.configureOutput({ writeErr: () => {} }).exitOverride((refusal) => {
    throw new UsageError(refusal, command, path);
  });
}
