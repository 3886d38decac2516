/** What a kind of containment can do for the loop. Implementations own all I/O on the target. */
export interface Holder {
  readonly kind: 'cgroup-v2' | 'cgroup-v1' | 'rlimit' | 'sampling';
  /** One line for the banner: what holds the target. */
  readonly description: string;
  /** What this kind cannot do, each a sentence. Empty for the strongest. */
  readonly cannot: readonly string[];
  /** True where the kernel refuses tasks above the cap. */
  readonly isHeld: boolean;
  /** Share of a line at which the guard must act: 1 where the kernel holds it exactly. */
  readonly tripShare: number;
  /** Sets the cap that the child will be born under, and puts the forking thread into place. */
  beforeFork(cap: number | 'max'): void;
  /** Takes the guard out again. Called at once after the fork, with the child's pid when there is one. */
  afterFork(pid: number | undefined, cap: number | 'max'): void;
  /** Takes a tree that runs already instead; its first process is given. */
  adopt(pid: number, cap: number | 'max'): void;
  /** Tasks of the whole tree now. */
  tasks(nowMs: number): number;
  /** Creations refused since the start; `undefined` where the kernel does not count them. */
  refused(): number | undefined;
  /**
   * Whether the last count found a storm: processes by the hundred that were not there at the one
   * before, and, where something holds them, pressed against the cap. False where refusals are counted.
   */
  isStorming(): boolean;
  /** Processes of the tree, without the ones that are dead. */
  processes(): readonly number[];
  /** Moves the cap; false when the kernel did not take it. Where nothing holds, does nothing. */
  setCap(cap: number | 'max'): boolean;
  /** Stops growth now: the cap where one holds, SIGSTOP for every process where none does. */
  clamp(tasks: number): boolean;
  release(cap: number | 'max'): void;
  /** One signal to every process of the tree. */
  signal(signal: NodeJS.Signals): void;
  /** One round of ending everything; repeated by the caller until `isEmpty`. */
  killRound(): void;
  isEmpty(): boolean;
  /** Calls back soon after the kernel refused a task, where it notifies (v2). Returns what ends that. */
  onRefusal(callback: () => void): () => void;
  /**
   * Stops every process of the tree for a moment, to look at it; gives back what lets it go on. `undefined` where
   * that cannot be had in one act.
   */
  pause(until: 'whole' | 'begun'): (() => void) | undefined;
  /** Takes everything back; false when something had to stay (tasks that live on). */
  remove(): boolean;
  close(): void;
}
