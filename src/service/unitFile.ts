import { parseDurationMs } from '../core/units.ts';
import { hardeningEffects, hardeningLines } from './hardening.ts';

/** What a unit for a guarded command is made from. */
export interface UnitFacts {
  /** Without `.service`. */
  readonly name: string;
  /** The absolute path of the launcher of the guard. */
  readonly guard: string;
  /** Flags of `run`. */
  readonly flags: readonly string[];
  readonly command: readonly string[];
  readonly user: string | undefined;
  /** The PATH of the unit; `undefined` where systemd finds Node with its own PATH. */
  readonly path: string | undefined;
}

/** Settings of an existing unit by name, in their order: `ExecStart=` may occur several times. */
export type UnitSettings = ReadonlyMap<string, readonly string[]>;

/** The file name of the drop-in. 50 wins over the drop-ins that a package ships, which have lower numbers. */
export const DROP_IN = '50-threadguard.conf';

/** `StateDirectory=` makes systemd create this directory for the user of the service. */
const incidentDir = (name: string): readonly string[] => ['--incident-dir', `/var/lib/threadguard/${name}`];

/** A unit of its own. Its lines are explained, because people read and change it. */
export function unitText(facts: UnitFacts): string {
  const { command, flags, guard, name, path, user } = facts;
  const line = execLine([guard, 'run', ...incidentDir(name), ...flags, '--', ...command]);
  return `# /etc/systemd/system/${name}.service, made by threadguard unit
[Unit]
Description=${name}, guarded by threadguard
After=network.target

[Service]
${isSidecar(flags) ? '# The command is the main process. The guard runs beside it.\nType=exec' : '# The unit counts as started when the command runs. If the command notifies systemd itself, add --notify child.\nType=notify'}
ExecStart=${line}
${hasFlag(flags, '--config') ? '# A reload makes the guard read its policy again.\nExecReload=/bin/kill -HUP $MAINPID\n' : ''}${user === undefined ? '' : `User=${escapeSpecifiers(user)}\n`}${path === undefined ? '' : `Environment=${quote(`PATH=${path}`)}\n`}# The evidence of incidents goes there.
StateDirectory=threadguard/${name}
${guardedLines(flags, true)}
Restart=on-failure
RestartSec=5
# Longer than --grace and --dump-timeout together.
TimeoutStopSec=${stopSeconds(flags)}

# Hardening: what a service seldom needs. Take out what disturbs the command. ProtectControlGroups=, ProtectProc= and
# MemoryDenyWriteExecute= are left out: the guard writes the cap into a cgroup file, counts the tasks of all users, and runs on V8.
${hardeningLines(user === undefined)}

[Install]
WantedBy=multi-user.target
`;
}

/** What every guarded service needs, each setting with its reason. */
const GUARDED = {
  delegate: `# The guard and the command get a cgroup each, so the cap of the command does not count the guard.
Delegate=yes`,
  kill: `# A stop sends one SIGTERM, to the guard. The guard hands it on.
KillMode=mixed`,
  watchdog: `# The loop of the guard sends WATCHDOG=1: systemd notices a guard that hangs.
WatchdogSec=30`,
  priority: `# Lets the guard run in time when the machine is busy, also without root.
LimitRTPRIO=1`,
  statuses: `# 113: the guard stopped the command; 114: the restarts are used up; 125: the guard could not start. A restart helps none.
RestartPreventExitStatus=113 114 125`,
} as const;

/** A sidecar sends no WATCHDOG=1 for the service, and the service keeps its own exit status. */
function guardedLines(flags: readonly string[], isWatched: boolean): string {
  const leftOut: (keyof typeof GUARDED)[] = isSidecar(flags) ? ['watchdog', 'statuses'] : isWatched ? [] : ['watchdog'];
  return Object.entries(GUARDED)
    .filter(([name]) => !leftOut.some((one) => one === name))
    .map(([, lines]) => lines)
    .join('\n');
}

function isSidecar(flags: readonly string[]): boolean {
  return hasFlag(flags, '--sidecar');
}

/** Whether a flag is given, alone or as `--flag=value`. */
function hasFlag(flags: readonly string[], name: string): boolean {
  return flags.some((flag) => flag === name || flag.startsWith(`${name}=`));
}

/** The usual grace and evidence fit into 30 s three times. A longer grace, or more time for evidence, is added to that. */
function stopSeconds(flags: readonly string[]): number {
  const askedMs = ['--grace', '--dump-timeout'].map((name) => parseDurationMs(flagValue(flags, name) ?? '') ?? 0);
  return 30 + Math.ceil(askedMs.reduce((sum, ms) => sum + ms, 0) / 1_000);
}

/** The value of a flag, given as `--flag value` or `--flag=value`; of several the last, as the guard takes it. */
function flagValue(flags: readonly string[], name: string): string | undefined {
  const at = flags.findLastIndex((flag) => flag === name || flag.startsWith(`${name}=`));
  if (at < 0) return undefined;
  return flags[at] === name ? flags[at + 1] : flags[at]?.slice(name.length + 1);
}

/** For each type of service: its type when it is wrapped (`undefined`: the same), and who notifies systemd. */
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

/** A drop-in that wraps an existing service; or why that service cannot be wrapped, and what to do. */
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
      hint: 'configure it to stay in the foreground, and make it Type=simple or Type=notify first',
    };
  }
  const lines = settings.get('ExecStart') ?? [];
  if (lines.length === 0)
    return { why: `${name}.service has no ExecStart=`, hint: 'name a service that starts a command' };
  const wrapped: string[] = [];
  for (const line of lines) {
    const [, prefix = '', command = ''] = /^([-@:+!|]*)\s*(.*)$/s.exec(line) as unknown as string[];
    if (prefix.includes('@')) {
      return {
        why: `ExecStart= of ${name}.service sets the name of its process (@)`,
        hint: 'first remove the @ and the word after the path',
      };
    }
    // With + the guard is root, and does not write into a directory of the user of the service.
    const notify = kind.notify === 'guard' || isSidecar(flags) ? [] : ['--notify', kind.notify];
    wrapped.push(
      `ExecStart=${prefix}${execLine([guard, 'run', ...(prefix.includes('+') ? [] : incidentDir(name)), ...notify, ...flags, '--'])} ${command}`,
    );
  }
  // With --notify off nobody sends WATCHDOG=1. A period that the service has chosen stays.
  const isWatched = kind.notify !== 'off' && !settings.has('WatchdogSec');
  const effects = hardeningEffects(settings).map((effect) => `# ${effect}\n`);
  return {
    text: `# /etc/systemd/system/${name}.service.d/${DROP_IN}, made by threadguard unit --drop-in
${effects.length === 0 ? '' : `# What ${name}.service forbids already, and what that means to the guard:\n${effects.join('')}`}[Service]
${kind.type === undefined || isSidecar(flags) ? '' : `Type=${kind.type}\n`}${path === undefined ? '' : `Environment=${quote(`PATH=${path}`)}\n`}ExecStart=
${wrapped.join('\n')}
StateDirectory=threadguard/${name}
${guardedLines(flags, isWatched)}
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
      const known = settings.get(name);
      if (value === '') settings.delete(name);
      else if (known === undefined) settings.set(name, [value]);
      else known.push(value);
    }
  }
  return settings;
}

/** A command line that systemd splits into these same words: quotes, backslashes, `%` and `$` are escaped. */
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
