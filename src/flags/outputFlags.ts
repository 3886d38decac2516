import type { MetricsOptions, OutputOptions, TellingOptions } from '../session/runOptions.ts';
import type { GroupedFlagsOf } from './flag.ts';
import { choice, destinations, eventNames, file, text, yes } from './words.ts';

export const METRICS_FLAGS: GroupedFlagsOf<MetricsOptions> = {
  address: {
    name: 'metrics',
    kind: text,
    value: '<address>',
    group: 'Metrics and messages',
    help: 'address and port to serve Prometheus metrics on, for example 127.0.0.1:9464',
  },
  file: {
    name: 'metrics-file',
    kind: file,
    group: 'Metrics and messages',
    help: 'file to write metrics to, for the textfile collector of node_exporter',
  },
};

/** Whom the guard sends messages, and about what. */
export const TELLING_FLAGS: GroupedFlagsOf<TellingOptions> = {
  destinations: {
    name: 'tell',
    kind: destinations,
    default: [],
    group: 'Metrics and messages',
    help: 'send messages to https://…, slack+https://…, alertmanager+http://…, unix:/…, file:/… or exec:COMMAND',
    docs: 'Can be given several times. See [service.md](service.md#messages).',
  },
  events: {
    name: 'tell-on',
    kind: eventNames,
    defaultText: 'warn, trip, release, kill, restart, error, and exit when the guard stopped the command',
    group: 'Metrics and messages',
    help: 'events that messages are sent about',
  },
};

/** How the guard speaks to whoever started it. */
export const OUTPUT_FLAGS: GroupedFlagsOf<OutputOptions> = {
  logFormat: {
    name: 'log-format',
    kind: choice(['human', 'json'], '<format>'),
    default: 'human',
    group: 'Output',
    help: 'form in which the guard reports events',
  },
  logFile: {
    name: 'log-file',
    kind: file,
    group: 'Output',
    help: 'file to write events to instead of stderr',
  },
  quiet: {
    name: 'quiet',
    kind: yes,
    default: false,
    group: 'Output',
    help: 'report errors and actions only',
  },
  progress: {
    name: 'progress',
    kind: yes,
    default: false,
    group: 'Output',
    help: 'draw a status line on a terminal',
  },
};
