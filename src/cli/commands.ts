import type { Command } from 'commander';

/** Every command: the parser, the manual page and the completions are made from this table. A command loads only what it needs. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./runCommand.ts')).runCommand((await import('../session/run.ts')).run),
  limits: async () => (await import('./limitsCommand.ts')).limitsCommand(),
  explain: async () => (await import('./explainCommand.ts')).explainCommandLine(),
  dump: async () => (await import('./dumpCommand.ts')).dumpCommand(),
  report: async () => (await import('./reportCommand.ts')).reportCommand(),
  canary: async () => (await import('./canaryCommand.ts')).canaryCommand(),
  record: async () => (await import('./recordCommand.ts')).recordCommand(),
  'suggest-limit': async () => (await import('./suggestCommand.ts')).suggestCommand(),
  config: async () => (await import('./configCommand.ts')).configCommand(),
  unit: async () => (await import('./unitCommand.ts')).unitCommand(),
  doctor: async () => (await import('./doctorCommand.ts')).doctorCommand(),
  drill: async () => (await import('./drillCommand.ts')).drillCommand(),
  completion: async () => (await import('./completionCommand.ts')).completionCommand(allCommands),
};

/** What threadguard starts of itself: no help, manual page or completion shows it. */
export const HIDDEN_COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  'drill-bomb': async () => (await import('./drillBombCommand.ts')).drillBombCommand(),
};

export async function allCommands(): Promise<Command[]> {
  return Promise.all(Object.values(COMMANDS).map((load) => load()));
}
