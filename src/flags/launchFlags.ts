import type { EvidenceOptions, LaunchOptions } from '../session/runOptions.ts';
import type { GroupedFlagsOf } from './flag.ts';
import { count } from './quantities.ts';
import { choice, descriptors, file, no, yes } from './words.ts';

/** How the command is started. */
export const LAUNCH_FLAGS: GroupedFlagsOf<LaunchOptions> = {
  sidecar: {
    name: 'sidecar',
    kind: yes,
    default: false,
    inFile: false,
    group: 'The command',
    help: 'run the guard beside the command, which keeps its pid, descriptors and parent',
    docs: 'See [systemd.md](systemd.md).',
  },
  onDaemons: {
    name: 'on-daemons',
    kind: choice(['keep', 'kill'], '<what>'),
    default: 'keep',
    group: 'The command',
    help: 'what happens to processes that outlive the command',
    docs: '`keep` leaves them under their cap, and says how many there are. `kill` sends them SIGTERM, and SIGKILL after `--grace`.',
  },
  passFds: {
    name: 'pass-fd',
    kind: descriptors,
    default: [],
    group: 'The command',
    help: 'descriptor from 3 to 1023 that must be open: the command relies on it',
    docs: 'Can be given several times. The command gets every descriptor that the guard was started with, under its number; this only refuses a start without it. `LISTEN_PID` is set right.',
  },
  inject: {
    name: 'no-inject',
    kind: no,
    default: true,
    group: 'Evidence',
    help: 'do not add anything to the environment of a JVM',
    docs: 'Otherwise a JVM gets its attach listener, which makes its stacks readable at the limit.',
  },
};

/** What is kept of a trip, and where. */
export const EVIDENCE_FLAGS: GroupedFlagsOf<EvidenceOptions> = {
  incidentDir: {
    name: 'incident-dir',
    kind: file,
    value: '<dir>',
    defaultText: '/var/lib/threadguard for root, ~/.local/state/threadguard for others',
    group: 'Evidence',
    help: 'directory for the evidence of trips',
  },
  keep: {
    name: 'keep',
    kind: count,
    default: 20,
    group: 'Evidence',
    help: 'incidents that are kept there; the oldest is removed',
  },
  captureStderr: {
    name: 'capture-stderr',
    kind: yes,
    default: false,
    group: 'Evidence',
    help: 'keep the last part of what the command writes to stderr',
    docs: 'Its stderr then goes through the guard, which hands on every byte.',
  },
  jvmThreadEvents: {
    name: 'jvm-thread-events',
    kind: yes,
    default: false,
    group: 'Evidence',
    help: 'let a JVM record who starts its threads (JFR, JDK 11 and newer)',
    docs: 'See [evidence.md](evidence.md).',
  },
  jvmOutput: {
    name: 'jvm-output',
    kind: file,
    group: 'Evidence',
    help: 'file to which the standard output of a JVM is written',
    docs: 'The stacks that SIGQUIT makes a JVM print are read from there.',
  },
};
