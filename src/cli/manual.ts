import type { CommandFacts, OptionFacts } from './commandFacts.ts';

/** The manual page in roff (man(7)), from the table of commands. */
export function manualPage(commands: readonly CommandFacts[], version: string): string {
  return [
    `.\\" Made from the table of commands by scripts/docs.mjs; changes here are lost.`,
    `.TH THREADGUARD 1 "" "threadguard ${version}" "User Commands"`,
    '.SH NAME',
    'threadguard \\- stops a command before its threads, processes or memory maps exhaust the machine',
    '.SH SYNOPSIS',
    ...commands.flatMap((command) => ['.br', `.B threadguard ${roff(command.name)}`, roff(usageOf(command))]),
    '.SH DESCRIPTION',
    ...DESCRIPTION,
    '.SH COMMANDS',
    ...commands.flatMap(section),
    '.SH EXIT STATUS',
    ...EXITS.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, roff(meaning)]),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, meaning]) => ['.TP', `.B ${name}`, roff(meaning)]),
    '.SH FILES',
    ...FILES.flatMap(([name, meaning]) => ['.TP', `.I ${roff(name)}`, roff(meaning)]),
    '.SH SIGNALS',
    'The guard hands signals on to the command. With \\-\\-config, SIGHUP makes the guard read the policy again.',
    '.SH SEE ALSO',
    '.BR systemd.resource\\-control (5),',
    '.BR cgroups (7),',
    '.BR pthread_create (3),',
    '.BR proc (5)',
    '',
  ].join('\n');
}

const DESCRIPTION = [
  'threadguard starts a command in a pids cgroup of its own. The kernel keeps the command below the cap of that cgroup,',
  'also while the guard sleeps and after it was killed.',
  'The guard looks at the threads, processes and memory maps of the command and compares their growth with what remains',
  'of every kernel limit. Before a limit is reached it warns, clamps, takes evidence, terminates and kills.',
];

const EXITS: readonly (readonly [string, string])[] = [
  ['0 to 255', 'the status of the command itself; threadguard dies of the signal that the command died of'],
  ['113', 'threadguard stopped the command'],
  ['114', 'the restarts that --max-restarts allows are used up'],
  ['125', 'threadguard itself failed; wrong options count as that'],
  ['126', 'the command was found but cannot be executed'],
  ['127', 'the command was not found'],
  ['1', 'from commands that only look: what you asked for is not there, or is not good'],
];

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['THREADGUARD_*', 'every option of run, in capitals: THREADGUARD_MAX_TASKS=800 is --max-tasks 800'],
  ['NOTIFY_SOCKET, WATCHDOG_USEC', 'the guard tells the service manager about start, state, watchdog and stop'],
  ['JOURNAL_STREAM', 'when stderr is the journal, each event becomes an entry with its own fields'],
  ['NO_COLOR', 'no colours on a terminal'],
];

const FILES: readonly (readonly [string, string])[] = [
  [
    '/var/lib/threadguard',
    'evidence of incidents, and the memory of restarts; for users other than root it is ~/.local/state/threadguard',
  ],
];

function section(command: CommandFacts): string[] {
  const groups = new Set(command.options.map(({ group }) => group));
  return [
    `.SS "threadguard ${roff(command.name)} ${roff(usageOf(command))}"`,
    roff(sentence(command.description)),
    ...[...groups].flatMap((group) => [
      ...(group === undefined ? [] : ['.PP', `.I ${roff(group)}`]),
      ...command.options.filter((option) => option.group === group).flatMap(entry),
    ]),
    ...command.commands.flatMap(section),
  ];
}

function entry({ description, docs, long, value }: OptionFacts): string[] {
  const more = docs === '' ? [] : [roff(plain(docs))];
  return ['.TP', `.B ${roff(`${long} ${value}`.trim())}`, roff(sentence(description)), ...more];
}

function usageOf({ commands, usage }: CommandFacts): string {
  return commands.length > 0
    ? commands.map(({ name }) => name.split(' ').at(-1)).join('|')
    : (usage.split('\n')[0] ?? '');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Markdown without its marks: a link is the name of its page. */
function plain(markdown: string): string {
  return markdown.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replaceAll('`', '');
}

/** roff reads a backslash as a command, a hyphen as a dash, and a line that begins with a point or a quote as a request. */
function roff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/, '\\&$1');
}
