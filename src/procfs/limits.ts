import { readText } from './read.ts';
import type { KernelRoot } from './root.ts';

/** A resource limit; `'unlimited'` is RLIM_INFINITY. */
export interface ResourceLimit {
  readonly soft: number | 'unlimited';
  readonly hard: number | 'unlimited';
}

/** `/proc/PID/limits` by the titles of its rows: `Max processes`, `Max open files`. Empty when it cannot be read. */
export function readLimits(root: KernelRoot, pid: number | 'self'): ReadonlyMap<string, ResourceLimit> {
  return parseLimits(readText(root.proc(pid, 'limits')) ?? '');
}

/** `Max processes             96365                96365                processes` */
export function parseLimits(text: string): ReadonlyMap<string, ResourceLimit> {
  const limits = new Map<string, ResourceLimit>();
  for (const line of text.split('\n').slice(1)) {
    const match = /^(.+?)\s{2,}(\S+)\s+(\S+)/.exec(line);
    if (match === null) continue;
    limits.set(match[1] as string, { soft: value(match[2] as string), hard: value(match[3] as string) });
  }
  return limits;
}

function value(text: string): number | 'unlimited' {
  return text === 'unlimited' ? 'unlimited' : Number(text);
}
