import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { FakeProc } from '../../fixtures/procTree.ts';

/** A thread as HotSpot prints it. */
export function jvmThread(name: string, nid: number, ...frames: readonly string[]): string {
  const state = '   java.lang.Thread.State: TIMED_WAITING (sleeping)\n';
  const head = `"${name}" #12 daemon prio=5 os_prio=0 cpu=0.12ms elapsed=3.90s tid=0x00007f1cd0024550 nid=0x${nid.toString(16)} waiting on condition  [0x00007f1cd4dfe000]\n`;
  return `${head}${state}${frames.map((frame) => `\tat ${frame}\n`).join('')}\n`;
}

/** A whole dump of these threads. */
export function jvmDump(...threads: readonly string[]): string {
  return `2026-11-24 10:00:00\nFull thread dump OpenJDK 64-Bit Server VM (17.0.15+6):\n\n${threads.join('')}\nJNI global refs: 17, weak refs: 0\n\n`;
}

export const IDLE = 'com.acme.Server.idle(Server.java:42)';

/** The socket of an attach listener, where a JVM of this pid has it. Close it after the test. */
export async function listen(proc: FakeProc, pid: number, inner: number = pid): Promise<Server> {
  const tmp = join(proc.top, 'proc', String(pid), 'root/tmp');
  mkdirSync(tmp, { recursive: true });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(tmp, `.java_pid${inner}`), resolve));
  return server;
}

/** Numbers of signals that a JVM catches. */
export const CATCHES_QUIT: readonly number[] = [3];
