import type { RestartRule } from '../policy/restart.ts';
import type { Settings } from '../policy/settings.ts';
import type { NotifyMode } from '../service/systemd.ts';

/** What `run` is told beyond the policy: where to speak and what to hand on. */
export interface RunOptions {
  readonly settings: Settings;
  readonly command: readonly string[];
  /** How the target is called; by default after its command. */
  readonly name: string | undefined;
  /** The configuration file, which SIGHUP reads again. */
  readonly config: string | undefined;
  readonly restart: RestartRule;
  /** Where restarts are remembered over restarts of the guard; by default beside the incidents. */
  readonly stateFile: string | undefined;
  /** A shell command that takes a bad deploy back. */
  readonly onTripExec: string | undefined;
  readonly onTripTimeoutMs: number;
  readonly metrics: MetricsOptions;
  /** Where people are told, and of which events; `undefined` for the usual ones. */
  readonly tell: readonly string[];
  readonly tellOn: readonly string[] | undefined;
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
  /** Whether the launcher becomes the command and the guard runs beside it. */
  readonly sidecar: boolean;
}

export interface MetricsOptions {
  /** `127.0.0.1:9464`. */
  readonly address: string | undefined;
  readonly file: string | undefined;
}
