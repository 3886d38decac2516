import { Argument, Command } from 'commander';
import { type CommandFacts, factsOf, type OptionFacts } from './commandFacts.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** `threadguard completion SHELL`: a script that knows every command, option and choice. It starts no process at Tab. */
export function completionCommand(allCommands: () => Promise<Command[]>): Command {
  return new Command('completion')
    .description('a completion script for a shell')
    .usage(SHELLS.join('|'))
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action(async (shell: Shell) => {
      const commands = (await allCommands()).map((command) => factsOf(command));
      process.stdout.write(completionScript(shell, commands));
    });
}

export function completionScript(shell: Shell, commands: readonly CommandFacts[]): string {
  return { bash, fish, zsh }[shell](commands);
}

/** Commands with the ones below them, `config check` among them. */
function flat(commands: readonly CommandFacts[]): CommandFacts[] {
  return commands.flatMap((command) => [command, ...flat(command.commands)]);
}

function takesFile({ value }: OptionFacts): boolean {
  return /file|dir/i.test(value);
}

function bash(commands: readonly CommandFacts[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = flat(commands).map(({ commands: inner, name, options }) => {
    const words = [...inner.map((one) => one.name.split(' ').at(-1)), ...options.map(({ long }) => long), '--help'];
    return `    '${name}') words='${words.join(' ')}' ;;`;
  });
  const values = flat(commands).flatMap(({ name, options }) =>
    options.flatMap((option) => {
      if (option.choices.length > 0) return [`    '${name} ${option.long}') words='${option.choices.join(' ')}' ;;`];
      return takesFile(option) ? [`    '${name} ${option.long}') COMPREPLY=($(compgen -f -- "$cur")); return ;;`] : [];
    }),
  );
  const groups = commands.filter(({ commands: inner }) => inner.length > 0).map(({ name }) => name);
  return `# bash completion of threadguard: put it into /usr/share/bash-completion/completions/threadguard
_threadguard() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} name=\${COMP_WORDS[1]} words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${names} --help --version' -- "$cur"))
    return
  fi
  local index
  for ((index = 2; index < COMP_CWORD; index += 1)); do
    # The words after -- are another command line.
    if [ "\${COMP_WORDS[index]}" = -- ]; then
      if declare -F _command_offset >/dev/null; then _command_offset $((index + 1)); else COMPREPLY=($(compgen -c -- "$cur")); fi
      return
    fi
  done
  case $name in ${groups.join('|')}) [ "$COMP_CWORD" -gt 2 ] && name="$name \${COMP_WORDS[2]}" ;; esac
  case "$name $prev" in
${values.join('\n')}
  esac
  [ -n "$words" ] || case $name in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _threadguard threadguard
`;
}

function fish(commands: readonly CommandFacts[]): string {
  const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = [
    '# fish completion of threadguard: put it into ~/.config/fish/completions/threadguard.fish',
    'complete -c threadguard -f',
    ...commands.map(
      ({ description, name }) => `complete -c threadguard -n __fish_use_subcommand -a ${name} -d ${quote(description)}`,
    ),
  ];
  for (const { commands: inner, name, options } of flat(commands)) {
    const seen = name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    for (const one of inner)
      lines.push(
        `complete -c threadguard -n ${quote(seen)} -a ${one.name.split(' ').at(-1)} -d ${quote(one.description)}`,
      );
    for (const option of options) {
      const value =
        option.value === ''
          ? ''
          : option.choices.length > 0
            ? ` -x -a ${quote(option.choices.join(' '))}`
            : takesFile(option)
              ? ' -r -F'
              : ' -x';
      lines.push(
        `complete -c threadguard -n ${quote(seen)} -l ${option.long.slice(2)}${value} -d ${quote(option.help)}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function zsh(commands: readonly CommandFacts[]): string {
  const quote = (text: string): string => `'${text.replace(/'/g, "'\\''")}'`;
  const plain = (text: string): string => text.replace(/[[\]:]/g, ' ');
  const argument = (option: OptionFacts): string => {
    const { choices, help, long, value } = option;
    const name = value.replace(/[<>[\].]/g, '');
    const what =
      value === ''
        ? ''
        : `:${name}:${choices.length > 0 ? `(${choices.join(' ')})` : takesFile(option) ? '_files' : ' '}`;
    return quote(`${value.includes('...') ? '*' : ''}${long}[${plain(help)}]${what}`);
  };
  const list = (some: readonly CommandFacts[]): string =>
    some.map(({ description, name }) => quote(`${name.split(' ').at(-1)}:${plain(description)}`)).join(' ');
  const cases = (some: readonly CommandFacts[]): string =>
    some
      .map(({ commands: inner, name, options }) => {
        const word = name.split(' ').at(-1);
        if (inner.length > 0) {
          return `      ${word}) local -a inner=(${list(inner)}); _arguments '1: :{_describe command inner}' '*:: :->inner'; [ "$state" = inner ] && case $words[1] in\n${cases(inner)}\n      esac ;;`;
        }
        const rest = ['run', 'explain'].includes(name) ? [`'*:: :_normal'`] : [`'*:: :_files'`];
        return `      ${word}) _arguments ${[...options.map(argument), ...rest].join(' ')} ;;`;
      })
      .join('\n');
  return `#compdef threadguard
# zsh completion of threadguard: put it into a folder of $fpath as _threadguard
_threadguard() {
  local state
  local -a commands=(${list(commands)})
  _arguments '--version[the version]' '1: :{_describe command commands}' '*:: :->command'
  [ "$state" = command ] && case $words[1] in
${cases(commands)}
  esac
}
_threadguard "$@"
`;
}
