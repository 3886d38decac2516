import { describe, expect, it } from 'vitest';
import { allCommands, COMMANDS, HIDDEN_COMMANDS } from '../../src/cli/commands.ts';
import { DRILL_FLAGS, type DrillFlags, drillCommand } from '../../src/cli/drillCommand.ts';
import { readSlice } from '../../src/flags/flag.ts';
import { commandLine } from '../fixtures/commandLine.ts';

/** What the flags of these words come to. */
function flagsOf(...words: string[]): DrillFlags {
  let given: Record<string, unknown> = {};
  drillCommand()
    .action((options: Record<string, unknown>) => {
      given = options;
    })
    .parse(words, { from: 'user' });
  return readSlice<DrillFlags>(DRILL_FLAGS, given);
}

describe('the flags of drill', () => {
  it.for<[string[], Partial<DrillFlags>]>([
    [[], { bomb: 'threads', maxTasks: undefined, forMs: 10_000, json: false }],
    [['--bomb', 'forks', '--json'], { bomb: 'forks', json: true }],
    [['--max-tasks', '1,000', '--for', '30s'], { maxTasks: 1_000, forMs: 30_000 }],
  ])('%j', ([words, want]) => {
    expect(flagsOf(...words)).toMatchObject(want);
  });
});

describe('the bomb', () => {
  it('is no command that anybody is shown', async () => {
    const names = (await allCommands()).map((command) => command.name());
    expect(Object.keys(HIDDEN_COMMANDS)).toEqual(['drill-bomb']);
    expect(Object.keys(COMMANDS)).not.toContain('drill-bomb');
    expect(names).not.toContain('drill-bomb');
    expect((await commandLine('--help')).out).not.toMatch(/drill-bomb/);
  });
  it('makes nothing without an order', async () => {
    const { err, exitCode } = await commandLine('drill-bomb');
    expect([exitCode, err]).toEqual([125, expect.stringMatching(/required option .* not specified/)]);
  });
});
