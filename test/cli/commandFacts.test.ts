import { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CommandFacts, factsOf } from '../../src/cli/commandFacts.ts';
import { allCommands, COMMANDS } from '../../src/cli/commands.ts';
import { addFlags } from '../../src/cli/flagOption.ts';
import { duration } from '../../src/flags/quantities.ts';

let commands: CommandFacts[];
beforeAll(async () => {
  commands = (await allCommands()).map((command) => factsOf(command));
});

describe('the table of commands', () => {
  it('names each command as the command names itself', () => {
    expect(commands.map(({ name }) => name)).toEqual(Object.keys(COMMANDS));
  });
  it('describes every command and every option in one line that ends without a full stop', () => {
    const all = commands.flatMap((command) => [command, ...command.commands]);
    for (const { description, name, options } of all) {
      expect(description, name).toMatch(/^[a-z].*[^.]$/);
      for (const { help, long } of options) expect(help, `${name} ${long}`).toMatch(/^([a-z]|YAML).*[^.]$/);
    }
  });
  it('names an option once in each command', () => {
    for (const { name, options } of commands) {
      const longs = options.map(({ long }) => long);
      expect(longs, name).toEqual([...new Set(longs)]);
    }
  });
  it('shows one description for --json wherever a command has it', () => {
    const texts = commands.flatMap(({ options }) => options.filter(({ long }) => long === '--json'));
    expect(texts.length).toBeGreaterThanOrEqual(6);
    expect(new Set(texts.map(({ help }) => help))).toEqual(new Set(['print one JSON document']));
  });
});

describe('the facts of a command', () => {
  it('are its flags and the commands below it; what commander adds is left out', () => {
    const inner = addFlags(new Command('inner'), [{ name: 'for', kind: duration, default: 500, help: 'how long' }]);
    const outer = new Command('outer')
      .description('outer things')
      .version('1')
      .addCommand(inner)
      .addCommand(new Command('help'));
    expect(factsOf(outer)).toMatchObject({
      name: 'outer',
      description: 'outer things',
      options: [],
      commands: [
        {
          name: 'outer inner',
          options: [
            {
              long: '--for',
              value: '<duration>',
              help: 'how long',
              description: 'how long (default 500ms)',
              docs: '',
              group: undefined,
              choices: [],
              defaultText: '500ms',
            },
          ],
        },
      ],
    });
  });
});
