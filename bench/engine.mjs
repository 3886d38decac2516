// The engine with 5,000 targets at rest: what they cost in memory, in time and in lateness.
import { ColdTrack } from '../dist/lib/engine/coldTrack.js';
import { Engine } from '../dist/lib/engine/engine.js';
import { KeptFile } from '../dist/lib/procfs/read.js';
import { systemClock } from '../dist/lib/sys/clock.js';
import { inBox, sleep } from './box.mjs';

const TARGETS = 5_000;
const SECONDS = 30;

/** Targets of 20 tasks with a line of 1,000. Each glance reads a real `pids.current`; all of them share one, which costs the same. */
export async function coldTargets() {
  return inBox(async (_start, dir) => {
    const turns = [];
    const late = [];
    const clock = {
      now: systemClock.now,
      wakeAt: (atMs, callback) =>
        systemClock.wakeAt(atMs, () => {
          const startMs = performance.now();
          callback();
          turns.push(performance.now() - startMs);
        }),
    };
    const file = new KeptFile(`${dir}/pids.current`);
    const engine = new Engine(clock);
    const heapMiB = () => {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed / 2 ** 20;
    };
    const before = heapMiB();
    let glances = 0;
    for (let n = 0; n < TARGETS; n += 1) {
      const meter = { tasks: () => (file.read() === undefined ? 'gone' : 20), refused: () => 0, close: () => {} };
      const candidate = { id: `unit:service-${n}.service`, line: 1_000, meter, open: () => undefined };
      const cold = new ColdTrack(candidate, { wake: () => {}, problem: () => {} });
      engine.add({
        id: cold.id,
        look: (nowMs, lateMs) => {
          glances += 1;
          late.push(lateMs);
          return cold.look(nowMs);
        },
        failed: (error) => cold.failed(error),
      });
    }
    turns.length = 0;
    late.length = 0;
    glances = 0;
    const after = heapMiB();
    const cpu = process.cpuUsage();
    await sleep(SECONDS * 1000);
    const used = process.cpuUsage(cpu);
    engine.stop();
    const sorted = (values) => [...values].sort((a, b) => a - b);
    const at = (values, share) => sorted(values)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0;
    const mib = after - before;
    return [
      `${TARGETS} cold targets: ${mib.toFixed(1)} MiB of heap, ${((mib * 2 ** 20) / TARGETS).toFixed(0)} bytes each${globalThis.gc === undefined ? ' (without --expose-gc)' : ''}`,
      `${SECONDS} s: ${(glances / SECONDS).toFixed(0)} glances a second, ${((used.user + used.system) / SECONDS / 10_000).toFixed(2)} % of a core`,
      `a turn: p50 ${at(turns, 0.5).toFixed(2)} ms, p99 ${at(turns, 0.99).toFixed(2)} ms, worst ${at(turns, 1).toFixed(2)} ms; late by p99 ${at(late, 0.99).toFixed(1)} ms, worst ${at(late, 1).toFixed(1)} ms`,
    ];
  });
}
