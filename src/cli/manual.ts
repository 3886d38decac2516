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
    'threadguard starts a command in a pids cgroup of its own, whose cap follows what the command holds, looks at its threads,',
    'processes and memory maps, compares growth with what remains of every kernel limit, and warns, clamps, takes evidence,',
    'terminates and kills before the limit is reached. The kernel holds the cap while the guard sleeps, and after it was killed.',
    '.SH COMMANDS',
    ...commands.flatMap(section),
    '.SH EXIT STATUS',
    ...EXITS.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, roff(meaning)]),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, meaning]) => ['.TP', `.B ${name}`, roff(meaning)]),
    '.SH FILES',
    ...FILES.flatMap(([name, meaning]) => ['.TP', `.I ${roff(name)}`, roff(meaning)]),
    '.SH SIGNALS',
    'Signals are handed on to the command. With \\-\\-config SIGHUP reads the policy again.',
    '.SH SEE ALSO',
    '.BR systemd.resource\\-control (5),',
    '.BR cgroups (7),',
    '.BR pthread_create (3),',
    '.BR proc (5)',
    '',
  ].join('\n');
}

const EXITS: readonly (readonly [string, string])[] = [
  ['0 to 255', "the command's own status; threadguard dies of the signal that the command died of"],
  ['113', 'threadguard stopped the command'],
  ['114', '--max-restarts are used up'],
  ['125', 'threadguard itself failed, bad options included'],
  ['126', 'the command was found but cannot be executed'],
  ['127', 'the command was not found'],
  ['1', 'of the commands that only look: what was asked for is not there or not good'],
];

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['THREADGUARD_*', 'every option of run, in capitals: THREADGUARD_MAX_TASKS=800 is --max-tasks 800'],
  ['NOTIFY_SOCKET, WATCHDOG_USEC', 'the service manager is told of start, state, watchdog and stop'],
  ['JOURNAL_STREAM', 'when stderr is the journal, events become entries with fields of their own'],
  ['NO_COLOR', 'no colours on a terminal'],
];

const FILES: readonly (readonly [string, string])[] = [
  [
    '/var/lib/threadguard',
    'evidence of incidents, and the memory of restarts; ~/.local/state/threadguard for others than root',
  ],
];

function section(command: CommandFacts): string[] {
  return [
    `.SS "threadguard ${roff(command.name)} ${roff(usageOf(command))}"`,
    `${roff(sentence(command.description))}`,
    ...command.options.flatMap(entry),
    ...command.commands.flatMap(section),
  ];
}

function entry({ choices, defaultText, description, long, value }: OptionFacts): string[] {
  const more = [
    ...(choices.length > 0 ? [`one of ${choices.join(', ')}`] : []),
    ...(defaultText === undefined ? [] : [`default ${defaultText}`]),
  ];
  const text = `${description}${more.length > 0 ? ` (${more.join('; ')})` : ''}`;
  return ['.TP', `.B ${roff(`${long} ${value}`.trim())}`, roff(sentence(text))];
}

function usageOf({ commands, usage }: CommandFacts): string {
  return commands.length > 0
    ? commands.map(({ name }) => name.split(' ').at(-1)).join('|')
    : (usage.split('\n')[0] ?? '');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** roff reads a backslash as a command, a hyphen as a dash, and a line that begins with a point or a quote as a request. */
function roff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/, '\\&$1');
}
