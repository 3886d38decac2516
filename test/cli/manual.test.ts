import { describe, expect, it } from 'vitest';
import type { CommandFacts, OptionFacts } from '../../src/cli/commandFacts.ts';
import { withFlagTables } from '../../src/cli/flagTables.ts';
import { manualPage } from '../../src/cli/manual.ts';

const option = (facts: Partial<OptionFacts>): OptionFacts => ({
  long: '--grace',
  value: '<duration>',
  help: 'from SIGTERM to SIGKILL',
  description: 'from SIGTERM to SIGKILL (default 10s)',
  docs: '',
  group: undefined,
  choices: [],
  defaultText: '10s',
  ...facts,
});
const command = (facts: Partial<CommandFacts>): CommandFacts => ({
  name: 'run',
  description: 'guard a command',
  usage: '[options] -- COMMAND',
  options: [],
  commands: [],
  ...facts,
});

describe('the manual page', () => {
  it.for([
    [
      'a sentence for each command',
      command({}),
      ['.SS "threadguard run [options] \\-\\- COMMAND"', 'Guard a command.'],
    ],
    [
      'an entry for each option',
      command({ options: [option({})] }),
      ['.TP', '.B \\-\\-grace <duration>', 'From SIGTERM to SIGKILL (default 10s).'],
    ],
    [
      'the longer text without its marks',
      command({ options: [option({ docs: 'See `x` in [service.md](service.md#restarts).' })] }),
      ['From SIGTERM to SIGKILL (default 10s).', 'See x in service.md.'],
    ],
    [
      'a heading for each group',
      command({ options: [option({ group: 'Output' })] }),
      ['.PP', '.I Output', '.TP', '.B \\-\\-grace <duration>'],
    ],
    [
      'the commands below one',
      command({ name: 'config', commands: [command({ name: 'config check', description: 'check it', usage: '' })] }),
      ['.SS "threadguard config check"', 'Guard a command.', '.SS "threadguard config check "', 'Check it.'],
    ],
    [
      'no line that roff would take for a request, and no hyphen that it would break',
      command({ description: ".it's a \\fB-trick" }),
      ["\\&.it's a \\efB\\-trick."],
    ],
  ] as const)('has %s', ([, facts, lines]) => {
    expect(manualPage([facts], '1.2.3')).toContain(lines.join('\n'));
  });
  it('names the version, and only sections that man knows', () => {
    const page = manualPage([command({})], '1.2.3');
    expect(page).toMatch(/^\.\\" .*\n\.TH THREADGUARD 1 "" "threadguard 1\.2\.3"/);
    expect([...page.matchAll(/^\.SH (.*)$/gm)].map(([, name]) => name)).toEqual([
      'NAME',
      'SYNOPSIS',
      'DESCRIPTION',
      'COMMANDS',
      'EXIT STATUS',
      'ENVIRONMENT',
      'FILES',
      'SIGNALS',
      'SEE ALSO',
    ]);
  });
});

describe('the tables of flags', () => {
  const BEGIN = '<!-- The tables of flags are made by scripts/docs.mjs; changes here are lost. -->';
  const END = '<!-- End of the tables of flags. -->';
  const page = `# run\n${BEGIN}\nold\n${END}\nrest\n`;
  it.for([
    [{}, '| `--grace <duration>` | `10s` | from SIGTERM to SIGKILL |'],
    [{ defaultText: undefined }, '| `--grace <duration>` |  | from SIGTERM to SIGKILL |'],
    [
      { defaultText: 'as long as it takes' },
      '| `--grace <duration>` | as long as it takes | from SIGTERM to SIGKILL |',
    ],
    [{ value: '', choices: ['a', 'b'] }, '| `--grace` | `10s` | from SIGTERM to SIGKILL: `a`, `b` |'],
    [{ docs: 'More.' }, '| `--grace <duration>` | `10s` | from SIGTERM to SIGKILL. More. |'],
    [{ help: 'a|b' }, '| `--grace <duration>` | `10s` | a\\|b |'],
  ] as const)('a row: %j', ([facts, want]) => {
    expect(withFlagTables(page, [option({ group: 'Output', ...facts })])).toBe(
      `# run\n${BEGIN}\n### Output\n| flag | default | meaning |\n|---|---|---|\n${want}\n\n${END}\nrest\n`,
    );
  });
  it('made twice are the same', () => {
    const once = withFlagTables(page, [option({ group: 'a' }), option({ group: 'b' })]);
    expect(withFlagTables(once, [option({ group: 'a' }), option({ group: 'b' })])).toBe(once);
  });
  it.for(['# no marker', END, `${END}\n${BEGIN}`])('%j is no page for them', (text) => {
    expect(() => withFlagTables(text, [])).toThrow(/needs the lines/);
  });
});
