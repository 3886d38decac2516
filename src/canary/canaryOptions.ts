/** What is compared, and how long. */
export interface CanarySubjects {
  readonly baseline: string | undefined;
  readonly candidate: string | undefined;
  readonly forMs: number;
  readonly everyMs: number;
  /** What is taken out: `cpu`, or a field of both recordings. */
  readonly loadMetric: string | undefined;
}

/** How it is judged. */
export interface CanaryJudging {
  readonly pass: number;
  readonly marginal: number;
  readonly tolerance: number;
  readonly horizonMs: number;
  readonly onMarginal: 'pass' | 'fail' | 'marginal';
  readonly onInconclusive: 'pass' | 'fail' | 'wait' | 'inconclusive';
}

/** Where the verdict goes. */
export interface CanaryOutput {
  readonly serve: string | undefined;
  readonly name: string;
  readonly html: string | undefined;
  readonly json: boolean;
}

/** All that `threadguard canary` can be told. */
export interface CanaryOptions {
  readonly subjects: CanarySubjects;
  readonly judging: CanaryJudging;
  readonly output: CanaryOutput;
}
