import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FORWARDED, KEPT } from '../../src/launch/forwardedSignals.ts';
import { openRelay, type Relay } from '../../src/launch/relay.ts';
import { FIRST_PID, fakeMachine } from '../targets/fakeMachine.ts';

const CHILD = FIRST_PID + 1;

/** Every signal that would have been sent, as `SIGTERM → 5000001`; the guard itself is `self`. */
let sent: string[];
let relay: Relay | undefined;
const realKill = process.kill;
beforeEach(() => {
  sent = [];
  process.kill = (pid, signal) => {
    sent.push(`${signal} → ${pid === process.pid ? 'self' : pid}`);
    return true;
  };
});
afterEach(() => {
  relay?.close();
  process.kill = realKill;
});

/** `foreground` is the group that the terminal of the guard, whose own group is 7, sends its signals to. */
function scene({ foreground = -1, may = true } = {}) {
  const { root } = fakeMachine();
  mkdirSync(root.proc('self'));
  const terminal = foreground === -1 ? 0 : 34_816;
  const rest = `${terminal} ${foreground} 0 0 0 0 0 0 0 0 0 20 0 1 0 5`;
  writeFileSync(root.proc('self', 'stat'), `9 (node) S 1 7 7 ${rest}`);
  const seen: string[] = [];
  const before = new Map([...FORWARDED, ...KEPT].map((signal) => [signal, new Set(process.listeners(signal))]));
  const opened = openRelay(root, {
    onContinue: () => void seen.push('continue'),
    onSignal: (signal) => void seen.push(signal),
    mayForward: () => may,
  });
  relay = opened;
  const added = (signal: NodeJS.Signals) =>
    process.listeners(signal).filter((listener) => !before.get(signal)?.has(listener));
  /** Only the relay hears it: whoever runs the tests listens too. */
  const come = (...signals: NodeJS.Signals[]) => {
    for (const signal of signals) for (const listener of added(signal)) listener(signal);
  };
  return { added, come, relay: opened, seen };
}

describe('a signal to the guard', () => {
  it('goes on to the child, one for one', () => {
    const { come, relay, seen } = scene();
    relay.attach(CHILD, false);
    come('SIGTERM', 'SIGUSR2', 'SIGTERM');
    expect(sent).toEqual([`SIGTERM → ${CHILD}`, `SIGUSR2 → ${CHILD}`, `SIGTERM → ${CHILD}`]);
    expect(seen).toEqual(['SIGTERM', 'SIGUSR2', 'SIGTERM']);
  });
  it('of the kernel, about its own log, ends nobody: neither the guard nor the child', () => {
    const { added, come, relay, seen } = scene();
    relay.attach(CHILD, false);
    expect(added('SIGXFSZ')).toHaveLength(1);
    come('SIGXFSZ');
    expect([sent, seen]).toEqual([[], []]);
  });
  it('waits for a child that is not there yet, and is seen once', () => {
    const { come, relay, seen } = scene();
    come('SIGHUP', 'SIGTERM');
    expect([sent, seen]).toEqual([[], ['SIGHUP', 'SIGTERM']]);
    relay.attach(CHILD, false);
    expect(sent).toEqual([`SIGHUP → ${CHILD}`, `SIGTERM → ${CHILD}`]);
    expect(seen).toHaveLength(2);
    // The next child is not told what the first one was.
    relay.attach(CHILD + 1, false);
    expect(sent).toHaveLength(2);
  });
  it('between two children is for the next one', () => {
    const { come, relay } = scene();
    relay.attach(CHILD, false);
    relay.detach();
    come('SIGTERM');
    expect(sent).toEqual([]);
    relay.attach(CHILD + 1, false);
    expect(sent).toEqual([`SIGTERM → ${CHILD + 1}`]);
  });
  it('is kept back where it may not go on, and is seen all the same', () => {
    const { come, relay, seen } = scene({ may: false });
    relay.attach(CHILD, false);
    come('SIGHUP');
    expect([sent, seen]).toEqual([[], ['SIGHUP']]);
  });
  it('to a child that has just ended is no harm', () => {
    const { come, relay } = scene();
    process.kill = () => {
      throw Object.assign(new Error('gone'), { code: 'ESRCH' });
    };
    relay.attach(CHILD, false);
    expect(() => come('SIGTERM')).not.toThrow();
  });
});

describe('a terminal', () => {
  it.each<[string, number, boolean, boolean]>([
    ['has reached the child in its foreground itself', 7, true, false],
    ['has not reached a child with a group of its own', 7, false, true],
    ['has not reached a group in the background', 8, true, true],
    ['that is not there has reached nobody', -1, true, true],
  ])('%s', (_, foreground, sharesGroup, want) => {
    const { come, relay } = scene({ foreground });
    relay.attach(CHILD, sharesGroup);
    come('SIGINT');
    expect(sent).toEqual(want ? [`SIGINT → ${CHILD}`] : []);
  });
  it('does not send what an operator sends', () => {
    const { come, relay } = scene({ foreground: 7 });
    relay.attach(CHILD, true);
    come('SIGTERM');
    expect(sent).toEqual([`SIGTERM → ${CHILD}`]);
  });
});

describe('a job', () => {
  it('stops with its child, so that the shell sees it', () => {
    const { come, relay } = scene();
    relay.attach(CHILD, false);
    come('SIGTSTP');
    expect(sent).toEqual([`SIGTSTP → ${CHILD}`, 'SIGSTOP → self']);
  });
  it('goes on, and whoever keeps time hears of it', () => {
    const { come, relay, seen } = scene();
    relay.attach(CHILD, false);
    come('SIGCONT');
    expect([sent, seen]).toEqual([[`SIGCONT → ${CHILD}`], ['SIGCONT', 'continue']]);
  });
});

describe('the relay', () => {
  it('listens once to each signal, and to none after its end', () => {
    const { added, relay } = scene();
    expect(FORWARDED.map((signal) => added(signal).length)).toEqual(FORWARDED.map(() => 1));
    relay.close();
    expect(FORWARDED.filter((signal) => added(signal).length > 0)).toEqual([]);
  });
});
