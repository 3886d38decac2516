/** What a unit for a guarded command is made from. */
export interface UnitFacts {
  /** Without `.service`. */
  readonly name: string;
  /** The guard's own launcher, absolute. */
  readonly guard: string;
  /** Flags of `run`. */
  readonly flags: readonly string[];
  readonly command: readonly string[];
  readonly user: string | undefined;
  /** Set where Node is in none of the directories that systemd searches. */
  readonly path: string | undefined;
}

/** Settings of an existing unit by name, in their order: `ExecStart=` may occur several times. */
export type UnitSettings = ReadonlyMap<string, readonly string[]>;

/** The file name of the drop-in. It sorts late enough to win over what a package ships. */
export const DROP_IN = '50-threadguard.conf';

/** Incidents go to a directory that systemd makes for the user of the service. */
const incidentDir = (name: string): readonly string[] => ['--incident-dir', `/var/lib/threadguard/${name}`];

/** A unit of its own. Its lines are explained, because it is meant to be read and changed. */
export function unitText(facts: UnitFacts): string {
  const { command, flags, guard, name, path, user } = facts;
  const line = execLine([guard, 'run', ...incidentDir(name), ...flags, '--', ...command]);
  return `# /etc/systemd/system/${name}.service, made by threadguard unit
[Unit]
Description=${name}, guarded by threadguard
After=network.target

[Service]
${isSidecar(flags) ? '# The command is the main process; the guard runs beside it.\nType=exec' : '# Started when the command runs. One that notifies systemd itself: add --notify child.\nType=notify'}
ExecStart=${line}
${flags.includes('--config') ? '# The policy is read again.\nExecReload=/bin/kill -HUP $MAINPID\n' : ''}${user === undefined ? '' : `User=${escapeSpecifiers(user)}\n`}${path === undefined ? '' : `Environment=${quote(`PATH=${path}`)}\n`}# Evidence of incidents.
StateDirectory=threadguard/${name}
${guardedLines(flags)}
Restart=on-failure
RestartSec=5
# Longer than --grace and --dump-timeout together.
TimeoutStopSec=30

# Hardening that a guarded command seldom minds. Not ProtectControlGroups=: the cap is a file there.
NoNewPrivileges=yes
ProtectSystem=full
ProtectKernelModules=yes
ProtectClock=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
`;
}

/** What every guarded service needs. */
const GUARDED = `# Guard and command in sibling cgroups: the cap of the command never counts the guard.
Delegate=yes
# One SIGTERM at a stop, to the guard, which hands it on.
KillMode=mixed
# WATCHDOG=1 comes from the loop of the guard.
WatchdogSec=30
# The guard runs before its threads starve, also without root.
LimitRTPRIO=1
# 113: stopped for its threads; 114: restarts used up; 125: the guard could not start. None gets better by itself.
RestartPreventExitStatus=113 114 125`;

const WATCHDOG = /# WATCHDOG.*\nWatchdogSec=.*\n/;
const STATUSES = /\n# 113:.*\nRestartPrevent.*/;

function isSidecar(flags: readonly string[]): boolean {
  return flags.includes('--sidecar');
}

/** Beside a service the guard does not beat for it, and the exit status is the service's own. */
function guardedLines(flags: readonly string[]): string {
  return isSidecar(flags) ? GUARDED.replace(WATCHDOG, '').replace(STATUSES, '') : GUARDED;
}

/** How each type of service is wrapped: its new type, and who notifies. */
const KINDS: ReadonlyMap<string, { readonly type: string | undefined; readonly notify: 'guard' | 'child' | 'off' }> =
  new Map([
    ['simple', { type: 'notify', notify: 'guard' }],
    ['exec', { type: 'notify', notify: 'guard' }],
    ['idle', { type: 'notify', notify: 'guard' }],
    ['notify', { type: undefined, notify: 'child' }],
    ['notify-reload', { type: undefined, notify: 'child' }],
    ['dbus', { type: undefined, notify: 'off' }],
    ['oneshot', { type: undefined, notify: 'off' }],
  ]);

/** A drop-in that wraps a service as it is. Where it cannot be wrapped, a sentence that says why, with a hint. */
export function dropInText(
  facts: Omit<UnitFacts, 'command' | 'user'>,
  settings: UnitSettings,
): { readonly text: string } | { readonly why: string; readonly hint: string } {
  const { flags, guard, name, path } = facts;
  const type = settings.get('Type')?.at(-1) ?? (settings.has('BusName') ? 'dbus' : 'simple');
  const kind = KINDS.get(type);
  if (kind === undefined) {
    return {
      why: `${name}.service is Type=${type}: its main process is not the one that is started`,
      hint: 'tell it to stay in the foreground and make it Type=simple or Type=notify first',
    };
  }
  const lines = settings.get('ExecStart') ?? [];
  if (lines.length === 0)
    return { why: `${name}.service has no ExecStart=`, hint: 'name a service that starts something' };
  const wrapped: string[] = [];
  for (const line of lines) {
    const [, prefix = '', command = ''] = /^([-@:+!|]*)\s*(.*)$/s.exec(line) as unknown as string[];
    if (prefix.includes('@')) {
      return {
        why: `ExecStart= of ${name}.service sets the name of its process (@)`,
        hint: 'take the @ and the word after the path out of it first',
      };
    }
    const notify = kind.notify === 'guard' || isSidecar(flags) ? [] : ['--notify', kind.notify];
    wrapped.push(
      `ExecStart=${prefix}${execLine([guard, 'run', ...incidentDir(name), ...notify, ...flags, '--'])} ${command}`,
    );
  }
  // With `off` nobody would send WATCHDOG=1. A period that the service has chosen stays.
  const isWatched = kind.notify !== 'off' && !settings.has('WatchdogSec');
  return {
    text: `# /etc/systemd/system/${name}.service.d/${DROP_IN}, made by threadguard unit --drop-in
[Service]
${kind.type === undefined || isSidecar(flags) ? '' : `Type=${kind.type}\n`}${path === undefined ? '' : `Environment=${quote(`PATH=${path}`)}\n`}ExecStart=
${wrapped.join('\n')}
StateDirectory=threadguard/${name}
${isWatched ? guardedLines(flags) : guardedLines(flags).replace(WATCHDOG, '')}
`,
  };
}

/**
 * The settings of one section of unit files, in the order in which systemd reads them: `[Section]`, `Name=value`, comments,
 * lines that go on after a backslash (systemd.syntax(7)). An empty value resets a setting.
 */
export function readSettings(texts: readonly string[], section: string): UnitSettings {
  const settings = new Map<string, string[]>();
  for (const text of texts) {
    let isIn = false;
    const joined = text.replace(/\\\n(?:[#;].*\n)*/g, ' ');
    for (const line of joined.split('\n').map((one) => one.trim())) {
      const header = /^\[(.+)\]$/.exec(line);
      if (header !== null) isIn = header[1] === section;
      const equals = line.indexOf('=');
      if (!isIn || equals < 1 || line.startsWith('#') || line.startsWith(';')) continue;
      const [name, value] = [line.slice(0, equals).trim(), line.slice(equals + 1).trim()];
      if (value === '') settings.delete(name);
      else settings.set(name, [...(settings.get(name) ?? []), value]);
    }
  }
  return settings;
}

/** A line that systemd splits into the same words: quotes, backslashes, specifiers (%) and variables ($) are escaped. */
function execLine(words: readonly string[]): string {
  return words.map((word) => quote(word.replaceAll('$', () => '$$'))).join(' ');
}

function quote(word: string): string {
  const escaped = escapeSpecifiers(word).replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

function escapeSpecifiers(text: string): string {
  return text.replaceAll('%', '%%');
}
