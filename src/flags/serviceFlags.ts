import { RESTART_MODES, type RestartRule } from '../policy/restart.ts';
import type { ServiceOptions } from '../session/runOptions.ts';
import type { GroupedFlagsOf } from './flag.ts';
import { duration, restartsWithin } from './quantities.ts';
import { choice, file, text } from './words.ts';

/** When the command is started again. */
export const RESTART_FLAGS: GroupedFlagsOf<RestartRule> = {
  mode: {
    name: 'restart',
    kind: choice(RESTART_MODES, '<when>'),
    default: 'no',
    group: 'Restarts',
    help: 'when to start the command again after it has ended',
    docs: 'A command that somebody asked to end (SIGTERM, SIGINT) is never started again.',
  },
  delayMs: {
    name: 'restart-delay',
    kind: duration,
    default: 1_000,
    group: 'Restarts',
    help: 'longest delay before the first restart; it doubles with each restart',
    docs: 'The delay is a random time between zero and this value (exponential backoff with full jitter).',
  },
  mostDelayMs: {
    name: 'restart-max-delay',
    kind: duration,
    default: 60_000,
    group: 'Restarts',
    help: 'longest delay before any restart',
  },
  most: {
    name: 'max-restarts',
    kind: restartsWithin,
    default: { count: 5, windowMs: 600_000 },
    group: 'Restarts',
    help: 'restarts after crashes, and as many after trips, before the guard gives up (exit 114)',
    docs: 'Crashes and trips are counted separately. One restart more within the window is a permanent failure.',
  },
};

/** What belongs to the life of a service, over all runs of its command. */
export const SERVICE_FLAGS: GroupedFlagsOf<ServiceOptions> = {
  config: {
    name: 'config',
    kind: file,
    inFile: false,
    group: 'General',
    help: 'YAML file with settings and policies; SIGHUP reads it again',
    docs: 'See [service.md](service.md).',
  },
  name: {
    name: 'name',
    kind: text,
    value: '<name>',
    defaultText: 'the name of the command',
    group: 'General',
    help: 'name of the target in logs, metrics and messages',
  },
  notify: {
    name: 'notify',
    kind: choice(['guard', 'child', 'off'], '<who>'),
    default: 'guard',
    group: 'The command',
    help: 'who tells systemd that the service is ready: the guard, or the command through the guard',
    docs: 'See [systemd.md](systemd.md).',
  },
  stateFile: {
    name: 'state-file',
    kind: file,
    defaultText: 'beside the incidents, one for each command',
    group: 'Restarts',
    help: 'file in which restarts are remembered when the guard itself is started again',
  },
  onTripExec: {
    name: 'on-trip-exec',
    kind: text,
    value: '<command>',
    group: 'Restarts',
    help: 'shell command to run after a trip, for example a rollback',
    docs: 'It runs when the whole tree of the command has ended.',
  },
  onTripTimeoutMs: {
    name: 'on-trip-timeout',
    kind: duration,
    default: 60_000,
    group: 'Restarts',
    help: 'time that this command gets before it is killed',
  },
};
