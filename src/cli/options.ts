import { Command, InvalidArgumentError, Option } from 'commander';
import { STEPS, type Step } from '../core/model.ts';
import { type ContainMode, DEFAULT_SETTINGS, type Settings } from '../policy/settings.ts';
import type { NotifyMode } from '../service/systemd.ts';
import { count, descriptor, duration, share, tasksOrShare } from './values.ts';

/** What `run` is told beyond the policy: where to speak and what to hand on. */
export interface RunOptions {
  readonly settings: Settings;
  readonly command: readonly string[];
  readonly passFds: readonly number[];
  readonly incidentDir: string | undefined;
  /** Incidents kept beside each other. */
  readonly keep: number;
  readonly logFormat: 'human' | 'json';
  readonly logFile: string | undefined;
  readonly quiet: boolean;
  readonly progress: boolean;
  /** Whether stderr goes through the guard, which keeps its end. */
  readonly captureStderr: boolean;
  /** Whether a JVM may be given what makes its stacks readable. */
  readonly inject: boolean;
  /** Whose word counts for systemd. */
  readonly notify: NotifyMode;
  /** Where the standard output of a JVM ends, to read back what SIGQUIT makes it print. */
  readonly jvmOutput: string | undefined;
  /** Whether a JVM records who starts its threads. */
  readonly jvmThreadEvents: boolean;
}

const CEILING_NAMES = [
  'kernel.pid_max',
  'kernel.threads-max',
  'RLIMIT_NPROC',
  'pids.max',
  'vm.max_map_count',
  'memory.max',
  'MemAvailable',
  'CommitLimit',
];

/** The `run` command with every flag. Flags after COMMAND belong to the command. */
export function runCommand(action: (options: RunOptions) => Promise<void>): Command {
  const d = DEFAULT_SETTINGS;
  return new Command('run')
    .description('guard a command')
    .argument('<command...>', 'the command and its arguments, after --')
    .passThroughOptions()
    .showSuggestionAfterError()
    .addOption(
      option(
        '--budget <share...>',
        'share of what is free that it may ever hold: 50%, or NAME=50% for one ceiling',
        budgetShare,
        {},
      ),
    )
    .addOption(option('--max-tasks <count>', 'never more threads and processes than this', count))
    .addOption(option('--max-maps <count>', 'trip when one process holds this many memory maps', count))
    .addOption(
      option('--warn-at <share>', 'warn at this share of the budget', share, d.warnAt).default(d.warnAt, '80%'),
    )
    .addOption(
      option('--horizon <duration>', 'a forecast of exhaustion nearer than this trips', duration).default(
        d.horizonMs,
        '10s',
      ),
    )
    .addOption(
      option('--reserve <amount>', 'tasks, or share of the limit, kept free for everybody else', tasksOrShare).default(
        { share: 0.05 },
        '5%',
      ),
    )
    .addOption(
      option(
        '--leash <tasks>',
        'burst the kernel allows between two looks (default: a quarter of the budget, at least 512)',
        count,
      ),
    )
    .addOption(
      option('--start-grace <duration>', 'no trip on a forecast before this; budgets always hold', duration).default(
        d.startGraceMs,
        '10s',
      ),
    )
    .addOption(
      option('--patience <duration>', 'time for a clamped target that does not push to recede', duration).default(
        d.patienceMs,
        '5s',
      ),
    )
    .addOption(option('--grace <duration>', 'from SIGTERM to SIGKILL', duration).default(d.graceMs, '10s'))
    .addOption(
      option('--dump-timeout <duration>', 'most time spent on evidence', duration).default(d.dumpTimeoutMs, '500ms'),
    )
    .addOption(new Option('--until <step>', 'how far the ladder may go').choices(STEPS).default('kill'))
    .addOption(
      new Option('--contain <how>', 'what holds the target')
        .choices(['auto', 'cgroup', 'rlimit', 'none'])
        .default('auto'),
    )
    .addOption(new Option('--require-containment', 'refuse to start where a cgroup cannot be had'))
    .addOption(
      new Option('--on-guard-death <what>', 'what happens to the command when the guard is killed')
        .choices(['keep', 'kill'])
        .default('keep'),
    )
    .addOption(new Option('--dry-run', 'walk the ladder, say what would be done, touch nothing'))
    .addOption(option('--pass-fd <fd...>', 'hand on this descriptor (3 to 1023)', descriptor, []))
    .addOption(new Option('--incident-dir <dir>', 'where evidence goes'))
    .addOption(option('--keep <count>', 'incidents kept there; the oldest is removed', count).default(20))
    .addOption(new Option('--capture-stderr', 'keep the end of what the command writes there for the evidence'))
    .addOption(new Option('--no-inject', 'add nothing to the environment of a JVM (its attach listener)'))
    .addOption(
      new Option('--notify <who>', 'who tells systemd that the service is ready: the guard, or the command through it')
        .choices(['guard', 'child', 'off'])
        .default('guard'),
    )
    .addOption(new Option('--jvm-output <file>', 'where the output of a JVM ends that has to be asked with SIGQUIT'))
    .addOption(new Option('--jvm-thread-events', 'a JVM records who starts its threads (JFR, JDK 11 and newer)'))
    .addOption(new Option('--log-format <format>', 'how the guard speaks').choices(['human', 'json']).default('human'))
    .addOption(new Option('--log-file <file>', 'speak there instead of on stderr'))
    .addOption(new Option('--quiet', 'say nothing but errors and actions'))
    .addOption(new Option('--progress', 'a status line on a terminal'))
    .action((command: string[], flags: Flags) => action(toOptions(command, flags)));
}

interface Flags {
  budget: Record<string, number>;
  maxTasks?: number;
  maxMaps?: number;
  warnAt: number;
  horizon: number;
  reserve: { share: number } | { tasks: number };
  leash?: number;
  startGrace: number;
  patience: number;
  grace: number;
  dumpTimeout: number;
  until: Step;
  contain: ContainMode;
  requireContainment?: true;
  onGuardDeath: 'keep' | 'kill';
  dryRun?: true;
  passFd: number[];
  incidentDir?: string;
  keep: number;
  logFormat: 'human' | 'json';
  logFile?: string;
  quiet?: true;
  progress?: true;
  inject: boolean;
  captureStderr?: true;
  notify: NotifyMode;
  jvmThreadEvents?: true;
  jvmOutput?: string;
}

function toOptions(command: readonly string[], flags: Flags): RunOptions {
  return {
    settings: {
      contain: flags.contain,
      requireContainment: flags.requireContainment ?? false,
      onGuardDeath: flags.onGuardDeath,
      budget: { shares: flags.budget, reserve: flags.reserve },
      maxTasks: flags.maxTasks,
      maxMaps: flags.maxMaps,
      warnAt: flags.warnAt,
      horizonMs: flags.horizon,
      leash: flags.leash,
      startGraceMs: flags.startGrace,
      patienceMs: flags.patience,
      graceMs: flags.grace,
      dumpTimeoutMs: flags.dumpTimeout,
      until: flags.until,
      dryRun: flags.dryRun ?? false,
    },
    command,
    passFds: flags.passFd,
    incidentDir: flags.incidentDir,
    keep: flags.keep,
    logFormat: flags.logFormat,
    logFile: flags.logFile,
    quiet: flags.quiet ?? false,
    progress: flags.progress ?? false,
    inject: flags.inject,
    captureStderr: flags.captureStderr ?? false,
    notify: flags.notify,
    jvmOutput: flags.jvmOutput,
    jvmThreadEvents: flags.jvmThreadEvents ?? false,
  };
}

function option<T>(flags: string, description: string, parse: (text: string, previous: T) => T, initial?: T): Option {
  const made = new Option(flags, description).argParser(parse);
  return initial === undefined ? made : made.default(initial, 'none');
}

function budgetShare(text: string, previous: Record<string, number>): Record<string, number> {
  const equals = text.indexOf('=');
  const name = equals < 0 ? undefined : text.slice(0, equals);
  const value = share(text.slice(equals + 1));
  if (name !== undefined && !CEILING_NAMES.includes(name)) {
    throw new InvalidArgumentError(`There is no ceiling ${name}: it is one of ${CEILING_NAMES.join(', ')}.`);
  }
  const names = name === undefined ? ['host', 'pid-namespace', 'user', 'cgroup', 'process'] : [name];
  return { ...previous, ...Object.fromEntries(names.map((key) => [key, value])) };
}
