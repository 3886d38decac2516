import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { KeptFile } from '../../src/procfs/read.ts';
import { type KernelRoot, kernelRoot } from '../../src/procfs/root.ts';
import { type Libc, RLIM_INFINITY } from '../../src/sys/libc.ts';

/** Above every number that a kernel can give out (4,194,304): a signal that is sent by mistake reaches nobody. */
export const FIRST_PID = 5_000_000;

export interface FakeProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly threads?: number;
  readonly state?: string;
  readonly startTime?: number;
  readonly pgrp?: number;
}

/** A machine of files: `/proc` with these processes, and what was done to them. */
export interface FakeMachine {
  readonly root: KernelRoot;
  readonly loadavg: KeptFile;
  nowMs: number;
  /** Signals sent through libc, as `19 → 5000001`. */
  readonly signals: string[];
  /** RLIMIT_NPROC of each process that was asked for; 0 is the guard itself. */
  readonly limits: Map<number, bigint>;
  readonly reaped: number[];
  readonly libc: Libc;
  put(...processes: readonly FakeProcess[]): void;
  end(pid: number): void;
  /** What the kernel says of all tasks, and of the last number that it gave out. */
  host(tasks: number, lastPid: number): void;
}

/** A folder that is gone after the test. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'fake-machine-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function fakeMachine(): FakeMachine {
  const dir = scratch();
  const root = kernelRoot(dir);
  mkdirSync(root.proc(), { recursive: true });
  const signals: string[] = [];
  const limits = new Map<number, bigint>();
  const reaped: number[] = [];
  const host = (tasks: number, lastPid: number): void =>
    writeFileSync(root.proc('loadavg'), `0.00 0.00 0.00 1/${tasks} ${lastPid}\n`);
  host(100, FIRST_PID);
  return {
    root,
    loadavg: new KeptFile(root.proc('loadavg')),
    nowMs: 0,
    signals,
    limits,
    reaped,
    libc: {
      signal: (pid, signal) => signals.push(`${signal} → ${pid}`) > 0,
      getLimit: (pid) => ({ soft: limits.get(pid) ?? RLIM_INFINITY, hard: RLIM_INFINITY }),
      setLimit: (pid, _resource, soft) => {
        limits.set(pid, soft);
        return true;
      },
      reap: (pid) => reaped.push(pid) > 0,
    } satisfies Partial<Libc> as unknown as Libc,
    put: (...processes) => {
      for (const { pgrp = 1, pid, ppid, startTime = pid, state = 'S', threads = 1 } of processes) {
        rmSync(root.proc(pid), { recursive: true, force: true });
        for (let tid = pid; tid < pid + threads; tid += 1) mkdirSync(root.proc(pid, 'task', tid), { recursive: true });
        const rest = `0 -1 0 0 0 0 0 0 0 0 0 20 0 ${threads} 0 ${startTime}`;
        writeFileSync(root.proc(pid, 'stat'), `${pid} (x) ${state} ${ppid} ${pgrp} ${pgrp} ${rest}`);
      }
    },
    end: (pid) => rmSync(root.proc(pid), { recursive: true }),
    host,
  };
}
