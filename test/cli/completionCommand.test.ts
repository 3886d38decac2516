import { beforeAll, describe, expect, it } from 'vitest';
import { type CommandFacts, factsOf, type OptionFacts } from '../../src/cli/commandFacts.ts';
import { allCommands } from '../../src/cli/commands.ts';
import { completionScript } from '../../src/cli/completionCommand.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

let commands: CommandFacts[];
beforeAll(async () => {
  commands = (await allCommands()).map((command) => factsOf(command));
});

const flat = (some: readonly CommandFacts[]): CommandFacts[] => some.flatMap((one) => [one, ...flat(one.commands)]);

describe('a completion script', () => {
  it.for(SHELLS)('%s knows every command, every option and every choice', (shell) => {
    const script = completionScript(shell, commands);
    for (const { name, options } of flat(commands)) {
      expect(script, name).toContain(name.split(' ').at(-1));
      for (const { choices, long } of options) {
        expect(script, `${name} ${long}`).toContain(shell === 'fish' ? `-l ${long.slice(2)}` : long);
        expect(script, `${name} ${long}`).toContain(choices.join(' '));
      }
    }
  });
  it.for([
    ['bash', /'run --config'\) COMPREPLY=\(\$\(compgen -f/],
    ['bash', /'run --incident-dir'\) COMPREPLY=\(\$\(compgen -f/],
    ['bash', /'run --until'\) words='warn clamp dump terminate kill' ;;/],
    ['bash', /'config'\) words='check show schema --help' ;;/],
    ['bash', /case \$name in config\) \[/],
    ['zsh', /--config\[YAML file.*\]:file:_files'/],
    ['zsh', /'\*--pass-fd\[/],
    ['zsh', /--until\[[^\]]*\]:step:\(warn clamp dump terminate kill\)'/],
    ['fish', /-l config -r -F -d /],
    ['fish', /-l until -x -a 'warn clamp dump terminate kill' -d /],
    ['fish', /-l quiet -d /],
    ['fish', /__fish_seen_subcommand_from config; and __fish_seen_subcommand_from check/],
  ] as const)('%s: %s', ([shell, want]) => {
    expect(completionScript(shell, commands)).toMatch(want);
  });
});

describe('what help says cannot break a script', () => {
  const option: OptionFacts = {
    long: '--odd',
    value: '<value>',
    help: `it's [odd]: a "quote" and a \\`,
    description: '',
    docs: '',
    group: undefined,
    choices: [],
    defaultText: undefined,
  };
  const command: CommandFacts = { name: 'odd', description: "it's", usage: '', options: [option], commands: [] };
  it.for([
    ['zsh', String.raw`'--odd[it'\''s  odd   a "quote" and a \]:value: '`],
    ['fish', String.raw`-d 'it\'s [odd]: a "quote" and a \\'`],
  ] as const)('%s', ([shell, want]) => {
    expect(completionScript(shell, [command])).toContain(want);
  });
});
