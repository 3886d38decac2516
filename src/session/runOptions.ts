import type { RestartRule } from '../policy/restart.ts';
import type { Settings } from '../policy/settings.ts';
import type { NotifyMode } from '../service/systemd.ts';

/** What `run` is told: the command, and one slice for each part of the guard that acts on it. */
export interface RunOptions {
  /** The command and its arguments; at least one word. */
  readonly command: readonly string[];
  /** When and how the guard acts. */
  readonly settings: Settings;
  readonly launch: LaunchOptions;
  readonly evidence: EvidenceOptions;
  readonly restart: RestartRule;
  readonly service: ServiceOptions;
  readonly metrics: MetricsOptions;
  readonly telling: TellingOptions;
  readonly output: OutputOptions;
}

/** Reads the configuration file anew: the policy as it is now, and the keys of everything else that has changed there. */
export type Reload = () => Promise<{ readonly settings: Settings; readonly needsRestart: readonly string[] }>;

/** How the command is started. */
export interface LaunchOptions {
  /** Descriptors that the command gets besides the first three: 3 to 1023. */
  readonly passFds: readonly number[];
  /** Whether the environment of a JVM may get what makes its stacks readable. */
  readonly inject: boolean;
  /** What happens to processes that outlive the command. */
  readonly onDaemons: 'keep' | 'kill';
  /** Whether the launcher becomes the command and the guard runs beside it. */
  readonly sidecar: boolean;
}

/** What is kept of a trip, and where. */
export interface EvidenceOptions {
  /** `undefined` for the usual directory of this user. */
  readonly incidentDir: string | undefined;
  /** How many incidents stay in that directory: 1 or more. */
  readonly keep: number;
  /** Whether stderr of the command goes through the guard, which keeps its end. */
  readonly captureStderr: boolean;
  /** Whether a JVM records who starts its threads. */
  readonly jvmThreadEvents: boolean;
  /** Where the standard output of a JVM ends. What SIGQUIT makes it print is read there. */
  readonly jvmOutput: string | undefined;
}

/** What belongs to the life of a service, over all runs of its command. */
export interface ServiceOptions {
  /** How the target is called; `undefined` for the name of its command. */
  readonly name: string | undefined;
  /** The configuration file. SIGHUP reads it again. */
  readonly config: string | undefined;
  /** Who tells systemd that the service is ready. */
  readonly notify: NotifyMode;
  /** Where restarts are remembered when the guard itself is started again; `undefined` for a file beside the incidents. */
  readonly stateFile: string | undefined;
  /** A shell command that runs after a trip, for example to roll back a bad deploy. */
  readonly onTripExec: string | undefined;
  readonly onTripTimeoutMs: number;
}

export interface MetricsOptions {
  /** Where metrics are served: `127.0.0.1:9464`. */
  readonly address: string | undefined;
  /** Where they are written for the textfile collector of node_exporter. */
  readonly file: string | undefined;
}

/** Whom the guard sends messages, and about what. */
export interface TellingOptions {
  readonly destinations: readonly string[];
  /** Names of events; `undefined` for the usual ones. */
  readonly events: readonly string[] | undefined;
}

/** How the guard speaks to whoever started it. */
export interface OutputOptions {
  readonly logFormat: 'human' | 'json';
  /** `undefined` for stderr. */
  readonly logFile: string | undefined;
  /** Whether only errors and actions are said. */
  readonly quiet: boolean;
  /** Whether a status line is drawn on a terminal. */
  readonly progress: boolean;
}
