import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { answerGate, type GateState } from '../canary/gates.ts';
import { openSource, type Source } from '../canary/live.ts';
import type { MetricName } from '../canary/recording.ts';
import { startCandidate } from '../canary/startCandidate.ts';
import { type CanaryResult, watchCanary } from '../canary/watchCanary.ts';
import type { CanaryVerdict, Judgement } from '../core/growth/judge.ts';
import { formatBytes, formatCount, formatDuration } from '../core/units.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { type AnyFlag, readSlice } from '../flags/flag.ts';
import { readReport } from '../limits/readReport.ts';
import { kernelRoot } from '../procfs/root.ts';
import { canaryDocument, canaryText } from '../reporters/canaryText.ts';
import { canaryHtml } from '../reporters/report/canaryHtml.ts';
import { openHttpServer } from '../service/httpServer.ts';
import { loadLibc } from '../sys/libc.ts';
import {
  CANARY_OUTPUT_FLAGS,
  type CanaryJudging,
  type CanaryOutput,
  type CanarySubjects,
  JUDGING_FLAGS,
  SUBJECT_FLAGS,
} from './canaryFlags.ts';
import { addFlags } from './flagOption.ts';
import { launcherPath } from './launcher.ts';

interface Flags {
  readonly subjects: CanarySubjects;
  readonly judging: CanaryJudging;
  readonly output: CanaryOutput;
}

/** Off the ranges of shells and sysexits.h: a rollout tool can tell them apart. */
const EXITS: Readonly<Record<CanaryVerdict, number>> = { pass: 0, fail: 91, marginal: 92, inconclusive: 93 };

/** `threadguard canary`: whether the candidate grows where the baseline does not. */
export function canaryCommand(): Command {
  const flags = [SUBJECT_FLAGS, JUDGING_FLAGS, CANARY_OUTPUT_FLAGS].flatMap((slice): AnyFlag[] => Object.values(slice));
  return addFlags(new Command('canary'), flags)
    .description('whether a new version leaks threads or maps against the old one')
    .argument('[command...]', 'the candidate, started under the guard, after --')
    .passThroughOptions()
    .action(async (command: string[], given: Record<string, unknown>) => {
      const flags: Flags = {
        subjects: readSlice<CanarySubjects>(SUBJECT_FLAGS, given),
        judging: readSlice<CanaryJudging>(JUDGING_FLAGS, given),
        output: readSlice<CanaryOutput>(CANARY_OUTPUT_FLAGS, given),
      };
      process.exitCode = await canary(flags, command);
    });
}

async function canary(flags: Flags, command: readonly string[]): Promise<number> {
  const { judging, output, subjects } = flags;
  const isStarted = command.length > 0;
  if (subjects.baseline === undefined || (subjects.candidate === undefined) !== isStarted) {
    throw new GuardError('no-subject', 'a canary needs a --baseline, and a --candidate or a command after --', {
      hint: 'threadguard canary --baseline unit:old.service --candidate unit:new.service',
    });
  }
  if (judging.marginal > judging.pass) {
    throw new GuardError(
      'bad-score',
      `--marginal ${judging.marginal} and --pass ${judging.pass} are no scores in this order`,
      { hint: '--marginal must not be above --pass' },
    );
  }
  const root = kernelRoot();
  const baseline = openSource(root, subjects.baseline, subjects.loadMetric);
  const started = isStarted ? await startCandidate(root, launcherPath(), command) : undefined;
  const candidate = started?.source ?? openSource(root, subjects.candidate ?? '', subjects.loadMetric);
  const state: { -readonly [K in keyof GateState]: GateState[K] } = {
    name: output.name,
    judgement: undefined,
    isFinal: false,
  };
  const server =
    output.serve === undefined
      ? undefined
      : await openHttpServer(output.serve, 'gates', (method, path) => answerGate(method, path, state));
  if (server !== undefined) process.stderr.write(`threadguard: gates on http://${server.address}/v1/canary\n`);
  let result = await watch(flags, baseline, candidate, state);
  if (
    judging.onInconclusive === 'wait' &&
    result.judgement.verdict === 'inconclusive' &&
    isLive(baseline) &&
    isLive(candidate)
  ) {
    result = await watch(
      { ...flags, subjects: { ...subjects, forMs: 2 * subjects.forMs } },
      baseline,
      candidate,
      state,
    );
  }
  await started?.stop();
  state.judgement = result.judgement;
  state.isFinal = true;
  process.stdout.write(output.json ? `${JSON.stringify(canaryDocument(result))}\n` : canaryText(result));
  if (output.html !== undefined) writePage(output.html, result);
  if (server !== undefined) await asked();
  server?.close();
  return exitOf(result.judgement.verdict, judging);
}

function writePage(path: string, { baseline, candidate, judgement, paired }: CanaryResult): void {
  const charts = [...paired.metrics].map(([name, values]) => ({
    label: NAMES[name],
    seconds: values.baseline.map((_, index) => (index * paired.stepMs) / 1000),
    ...values,
    text: name === 'memoryBytes' ? formatBytes : formatCount,
  }));
  try {
    writeFileSync(path, canaryHtml({ judgement, baseline: baseline.label, candidate: candidate.label, charts }));
  } catch (error) {
    throw new GuardError('no-page', `cannot write ${path} (${errnoOf(error)})`, {
      hint: 'name a file that can be written with --html',
      cause: error,
    });
  }
}

const NAMES: Readonly<Record<MetricName, string>> = {
  tasks: 'Tasks',
  processes: 'Processes',
  maps: 'Maps',
  memoryBytes: 'Memory',
};

/** Until somebody wants it to end: an engine may ask again. */
function asked(): Promise<void> {
  return new Promise((resolve) => {
    // A server alone, which is not referenced, would not keep it alive.
    const timer = setInterval(() => {}, 60_000);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        clearInterval(timer);
        resolve();
      });
    }
  });
}

function isLive({ kind }: Source): boolean {
  return kind === 'live';
}

function exitOf(verdict: CanaryVerdict, { onInconclusive, onMarginal }: CanaryJudging): number {
  const asked = verdict === 'marginal' ? onMarginal : verdict === 'inconclusive' ? onInconclusive : verdict;
  return EXITS[asked === 'wait' ? 'inconclusive' : asked];
}

async function watch(
  { judging, subjects }: Flags,
  baseline: Source,
  candidate: Source,
  state: { judgement: Judgement | undefined },
): Promise<CanaryResult> {
  const isTerminal = process.stderr.isTTY === true;
  const result = await watchCanary(baseline, candidate, {
    forMs: subjects.forMs,
    everyMs: subjects.everyMs,
    loadField: subjects.loadMetric,
    rule: judging,
    remaining: remainingOf(candidate),
    now: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onJudgement: (judgement) => {
      state.judgement = judgement;
    },
    onSample: (samples, elapsedMs) => {
      if (!isTerminal) return;
      process.stderr.write(
        `\r\u001b[K${samples} samples, ${formatDuration(elapsedMs)} of ${formatDuration(subjects.forMs)}`,
      );
    },
  });
  if (isTerminal) process.stderr.write('\r\u001b[K');
  return result;
}

/** Of a live candidate; what a recording may still have taken is not known. */
function remainingOf(candidate: Source): (name: MetricName) => number | undefined {
  if (candidate.kind === 'file') return () => undefined;
  let known: ReadonlyMap<MetricName, number> | undefined;
  return (name) => {
    known ??= readRemaining(candidate.selector);
    return known.get(name);
  };
}

function readRemaining(selector: Parameters<typeof readReport>[1]): ReadonlyMap<MetricName, number> {
  try {
    const { additionalMaps, additionalProcesses, additionalThreads } = readReport(
      kernelRoot(),
      selector,
      loadLibc(),
    ).answer;
    const all = [
      ['tasks', additionalThreads],
      ['processes', additionalProcesses],
      ['maps', additionalMaps],
    ] as const;
    return new Map(all.filter((one): one is [(typeof one)[0], number] => typeof one[1] === 'number'));
  } catch {
    // It has just ended: the verdict is of what was seen.
    return new Map();
  }
}
