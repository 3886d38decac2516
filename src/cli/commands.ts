import type { Command } from 'commander';

/** The one table of commands: the parser, the manual page and the completions are made from it. Each loads only what it needs. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./options.ts')).runCommand((await import('./run.ts')).run),
  limits: async () => (await import('./limits.ts')).limitsCommand(),
  explain: async () => (await import('./explain.ts')).explainCommandLine(),
  dump: async () => (await import('./dump.ts')).dumpCommand(),
  report: async () => (await import('./report.ts')).reportCommand(),
  canary: async () => (await import('./canary.ts')).canaryCommand(),
  record: async () => (await import('./record.ts')).recordCommand(),
  'suggest-limit': async () => (await import('./suggest.ts')).suggestCommand(),
  config: async () => (await import('./config.ts')).configCommand(),
  unit: async () => (await import('./unit.ts')).unitCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
  completion: async () => (await import('./completion.ts')).completionCommand(allCommands),
};

export async function allCommands(): Promise<Command[]> {
  return Promise.all(Object.values(COMMANDS).map((load) => load()));
}
