/** One thing that `run` wants of a machine, and how to get it. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** The command or setting that improves it; empty where it is well, or nothing can be done. */
  readonly hint: string;
}

/** What the kernel offers. */
export interface KernelFindings {
  readonly kernel: string;
  /** The version of the tree that counts tasks. */
  readonly cgroupVersion: 1 | 2 | undefined;
  readonly hasCgroupKill: boolean;
  readonly hasLocalEvents: boolean;
  readonly hasAutogroup: boolean;
}

/** What a guard can hold here, and with what. */
export interface HoldFindings {
  /** What `run` would choose; `why` says why nothing better. */
  readonly containment: { readonly kind: string; readonly isCgroup: boolean; readonly why: readonly string[] };
  readonly hasLibc: boolean;
  readonly isSubreaper: boolean;
  readonly priority: 'realtime' | 'nice' | 'none';
}

/** What this user may see. */
export interface SightFindings {
  /** kernel.yama.ptrace_scope: 0 own processes, 1 descendants only, 2 CAP_SYS_PTRACE, 3 nobody; `undefined` without Yama. */
  readonly ptraceScope: number | undefined;
  readonly canPtrace: boolean;
  readonly hidesProcesses: boolean;
  readonly canReadSlabs: boolean;
  readonly canTrace: 'tracefs' | 'strace' | undefined;
  /** Why the kernel does not record who makes tasks; `undefined` where it does. */
  readonly whyNotTraced: string | undefined;
  /** Runtimes on the PATH, and how each gives its stacks. */
  readonly runtimes: readonly { readonly name: string; readonly channel: string }[];
}

/** How much room there is. */
export interface RoomFindings {
  /** How many more tasks this user can make here, and what stops them; `undefined` where no ceiling has a number. */
  readonly room: { readonly tasks: number | undefined; readonly by: string };
  readonly openFiles: number | 'unlimited' | undefined;
  readonly addressSpaceBytes: number | 'unlimited' | undefined;
  /** Zombies that PID 1 had not reaped after a while, and its name. */
  readonly unreaped: number;
  readonly init: string;
}

/** What was found out about a machine and a user; `undefined` means that it could not be told. */
export interface Findings extends KernelFindings, HoldFindings, SightFindings, RoomFindings {}

/** A check; its hint is shown only where it is missing. */
export function check(name: string, ok: boolean, detail: string, hint: string): Check {
  return { name, ok, detail, hint: ok ? '' : hint };
}
