import { Command, Option } from 'commander';
import { STEPS, type Step } from '../core/model.ts';
import { RESTART_MODES, type RestartMode, type RestartRule } from '../policy/restart.ts';
import type { Rule } from '../policy/rules.ts';
import { type ContainMode, DEFAULT_SETTINGS } from '../policy/settings.ts';
import type { NotifyMode } from '../service/systemd.ts';
import type { RunOptions } from '../session/runOptions.ts';
import { applyConfig, applyEnvironment } from './layers.ts';
import { budgetShare, count, descriptor, duration, eventName, restarts, share, tasksOrShare, words } from './values.ts';

/** The `run` command with every flag. Flags after COMMAND belong to the command. */
export function runCommand(action: (options: RunOptions, again: () => Promise<RunOptions>) => Promise<void>): Command {
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
      option('--horizon <duration>', 'a forecast of exhaustion nearer than this is warned of', duration).default(
        d.horizonMs,
        '5m',
      ),
    )
    .addOption(
      option('--reserve <amount>', 'tasks, or share of the limit, kept free for everybody else', tasksOrShare).default(
        { share: 0.05, atLeast: 16 },
        '5%',
      ),
    )
    .addOption(
      option(
        '--leash <tasks>',
        'tasks that may appear between two looks (default: as many as the budget allows)',
        count,
      ),
    )
    .addOption(
      option('--start-grace <duration>', 'no forecast is warned of before this', duration).default(
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
    .addOption(new Option('--sidecar', 'the command keeps its pid, descriptors and parent; the guard runs beside it'))
    .addOption(new Option('--dry-run', 'walk the ladder, say what would be done, touch nothing'))
    .addOption(new Option('--config <file>', 'settings and policies from a YAML file; SIGHUP reads it again'))
    .addOption(new Option('--name <name>', 'what the target is called in logs, metrics and messages'))
    .addOption(
      new Option('--restart <when>', 'start the command again when it has ended').choices(RESTART_MODES).default('no'),
    )
    .addOption(
      option('--restart-delay <duration>', 'most delay before the first restart; doubles each time', duration).default(
        1_000,
        '1s',
      ),
    )
    .addOption(option('--restart-max-delay <duration>', 'the longest delay', duration).default(60_000, '1m'))
    .addOption(
      option(
        '--max-restarts <n/window>',
        'restarts after crashes, and as many after trips, before it gives up (exit 114)',
        restarts,
      ).default({ count: 5, windowMs: 600_000 }, '5/10m'),
    )
    .addOption(new Option('--state-file <file>', 'where restarts are remembered'))
    .addOption(new Option('--on-trip-exec <command>', 'a shell command to run after a trip, for example a rollback'))
    .addOption(option('--on-trip-timeout <duration>', 'how long that may take', duration).default(60_000, '1m'))
    .addOption(new Option('--metrics <address>', 'serve Prometheus metrics there, for example 127.0.0.1:9464'))
    .addOption(new Option('--metrics-file <file>', 'write metrics there for the textfile collector of node_exporter'))
    .addOption(
      option(
        '--tell <destination...>',
        'tell people: https://…, slack+https://…, alertmanager+http://…, unix:/…, file:/…, exec:COMMAND',
        words,
        [],
      ),
    )
    .addOption(
      option('--tell-on <event...>', 'of these events (default: warn, trip, release, kill, restart, error)', eventName),
    )
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
    .action(async (words: string[], _: Flags, command: Command) => {
      const given = givenOptions(command);
      // The file read anew; the command line and the environment are what they were.
      const again = (): Promise<RunOptions> => settle(words, fresh(given));
      await action(await settle(words, command), again);
    });
}

type Given = readonly (readonly [attribute: string, value: unknown])[];

function givenOptions(command: Command): Given {
  return command.options
    .map((option) => option.attributeName())
    .filter((name) => command.getOptionValueSource(name) === 'cli')
    .map((name) => [name, command.getOptionValue(name)] as const);
}

function fresh(given: Given): Command {
  const command = runCommand(async () => {});
  for (const [name, value] of given) command.setOptionValueWithSource(name, value, 'cli');
  return command;
}

/** The flags and what stands behind them: the environment, then the file. */
async function settle(words: readonly string[], command: Command): Promise<RunOptions> {
  applyEnvironment(command, process.env);
  const { config } = command.opts<Flags>();
  if (config === undefined) return toOptions(words, command.opts(), []);
  // Loaded for those who use it: YAML and its schema take 30 ms.
  const { loadConfig } = await import('../config/load.ts');
  const loaded = loadConfig(config);
  applyConfig(command, loaded);
  return toOptions(words, command.opts(), loaded.rules);
}

interface Flags {
  config?: string;
  name?: string;
  restart: RestartMode;
  restartDelay: number;
  restartMaxDelay: number;
  maxRestarts: RestartRule['most'];
  stateFile?: string;
  onTripExec?: string;
  onTripTimeout: number;
  metrics?: string;
  metricsFile?: string;
  tell: string[];
  tellOn?: string[];
  budget: Record<string, number>;
  maxTasks?: number;
  maxMaps?: number;
  warnAt: number;
  horizon: number;
  reserve: { share: number; atLeast?: number } | { tasks: number };
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
  sidecar?: true;
  jvmOutput?: string;
}

function toOptions(command: readonly string[], flags: Flags, rules: readonly Rule[]): RunOptions {
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
      rules,
    },
    command,
    name: flags.name,
    config: flags.config,
    restart: {
      mode: flags.restart,
      delayMs: flags.restartDelay,
      mostDelayMs: flags.restartMaxDelay,
      most: flags.maxRestarts,
    },
    stateFile: flags.stateFile,
    onTripExec: flags.onTripExec,
    onTripTimeoutMs: flags.onTripTimeout,
    metrics: { address: flags.metrics, file: flags.metricsFile },
    tell: flags.tell,
    tellOn: flags.tellOn,
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
    sidecar: flags.sidecar ?? false,
  };
}

function option<T>(flags: string, description: string, parse: (text: string, previous: T) => T, initial?: T): Option {
  const made = new Option(flags, description).argParser(parse);
  return initial === undefined ? made : made.default(initial, 'none');
}
