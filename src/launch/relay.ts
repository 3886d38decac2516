import type { KernelRoot } from '../procfs/root.ts';
import { readStat } from '../procfs/stat.ts';
import { FORWARDED, KEPT, planSignal } from './forwardedSignals.ts';

export interface Relay {
  /** From now on signals go to this child; the ones that came before are handed on at once. */
  attach(pid: number, sharesGroup: boolean): void;
  /** The child has ended; what comes now waits for the next one. */
  detach(): void;
  /** Gives every signal its default action back. */
  close(): void;
}

/**
 * Hands signals on, one for one, from before the child exists. `onContinue` is called when the guard's own job goes on
 * after a stop, `onSignal` for every signal as it comes, `mayForward` before it is handed on.
 */
export function openRelay(
  root: KernelRoot,
  hooks: {
    onContinue: () => void;
    onSignal: (signal: NodeJS.Signals) => void;
    mayForward: (signal: NodeJS.Signals, pid: number) => boolean;
  },
): Relay {
  let child: { pid: number; sharesGroup: boolean } | undefined;
  const early: NodeJS.Signals[] = [];
  const listeners = new Map<NodeJS.Signals, () => void>();

  const deliver = (signal: NodeJS.Signals): void => {
    hooks.onSignal(signal);
    pass(signal);
  };
  const pass = (signal: NodeJS.Signals): void => {
    if (child === undefined) {
      early.push(signal);
      return;
    }
    const { forward, stopSelf } = planSignal(signal, child.sharesGroup && isForeground(root));
    if (forward && hooks.mayForward(signal, child.pid)) send(child.pid, signal);
    if (signal === 'SIGCONT') hooks.onContinue();
    if (stopSelf) process.kill(process.pid, 'SIGSTOP');
  };
  for (const signal of [...FORWARDED, ...KEPT]) {
    const listener = KEPT.includes(signal) ? () => {} : () => deliver(signal);
    try {
      process.on(signal, listener);
      listeners.set(signal, listener);
    } catch {
      // This platform does not have it (SIGSTKFLT is not everywhere).
    }
  }
  return {
    attach: (pid, sharesGroup) => {
      child = { pid, sharesGroup };
      for (const signal of early.splice(0)) pass(signal);
    },
    detach: () => {
      child = undefined;
    },
    close: () => {
      for (const [signal, listener] of listeners) process.off(signal, listener);
    },
  };
}

/** Whether our process group is the one that our terminal sends its signals to. */
function isForeground(root: KernelRoot): boolean {
  const stat = readStat(root, 'self');
  return stat !== undefined && stat.ttyNr !== 0 && stat.pgrp === stat.tpgid;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended; its exit is on the way.
  }
}
