import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type BombKind, type BombLine, parseBombLine } from './bomb.ts';
import type { Fence } from './fence.ts';
import { GuardLog } from './guardLog.ts';
import type { DrillSize } from './size.ts';

/** The guard with its bomb, and all that the two have said so far. */
export interface DrilledGuard {
  readonly child: Pick<ChildProcess, 'pid' | 'kill'>;
  readonly log: GuardLog;
  /** What the bomb has said, oldest first. */
  readonly bomb: readonly BombLine[];
  /** Whether the guard has ended, and how; `undefined` while it runs. */
  ended(): string | undefined;
}

export interface GuardOrder {
  /** The threadguard that is started, for the guard and for the bomb. */
  readonly launcher: string;
  readonly kind: BombKind;
  readonly size: DrillSize;
  readonly lifeMs: number;
  /** Where the evidence goes. */
  readonly incidentDir: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Starts `threadguard run` with the bomb as its command. */
export function startGuard(order: GuardOrder, fence: Fence): DrilledGuard {
  const [file, ...args] = guardWords(order) as [string, ...string[]];
  const child = fence.start(() => spawn(file, args, { env: plainEnv(order.env), stdio: ['ignore', 'pipe', 'pipe'] }));
  const log = new GuardLog();
  const bomb: BombLine[] = [];
  let ended: string | undefined;
  child.once('error', (error) => {
    ended ??= error.message;
  });
  // 'close': by then all that it said has been read.
  child.once('close', (code, signal) => {
    ended ??= signal ?? `exit ${code}`;
  });
  createInterface({ input: child.stderr }).on('line', (line) => log.add(line));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = parseBombLine(line);
    if (said !== undefined) bomb.push(said);
  });
  return { child, log, bomb, ended: () => ended };
}

/** The command line. The budget is `--max-tasks` alone: what a share of the machine would be has nothing to do with a drill. */
export function guardWords({ incidentDir, kind, launcher, lifeMs, size }: GuardOrder): string[] {
  return [
    ...[launcher, 'run', '--name', 'drill', '--max-tasks', String(size.budget), '--budget', '100%'],
    ...['--grace', '1s', '--log-format', 'json', '--incident-dir', incidentDir, '--notify', 'off'],
    ...['--', launcher, 'drill-bomb', '--bomb', kind, '--budget', String(size.budget)],
    ...['--most', String(size.most), '--life', `${lifeMs}ms`],
  ];
}

/** Without what configures another guard, or speaks to the manager of another service. */
export function plainEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isForeign = (name: string): boolean => /^_?THREADGUARD_|^(NOTIFY_SOCKET|WATCHDOG_|LISTEN_)/.test(name);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isForeign(name)));
}
