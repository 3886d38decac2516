import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { answerGate, type GateState } from '../canary/gates.ts';
import { openSource, type Source } from '../canary/live.ts';
import type { MetricName } from '../canary/recording.ts';
import { startCandidate } from '../canary/startCandidate.ts';
import { type CanaryResult, watchCanary } from '../canary/watchCanary.ts';
import { type CanaryVerdict, DEFAULT_RULE, type Judgement } from '../core/growth/judge.ts';
import { formatBytes, formatCount, formatDuration } from '../core/units.ts';
import { errnoOf, GuardError } from '../errors.ts';
import { readReport } from '../limits/readReport.ts';
import { kernelRoot } from '../procfs/root.ts';
import { canaryDocument, canaryText } from '../reporters/canaryText.ts';
import { canaryHtml } from '../reporters/report/canaryHtml.ts';
import { openHttpServer } from '../service/httpServer.ts';
import { loadLibc } from '../sys/libc.ts';
import { launcherPath } from './launcher.ts';
import { count, duration, interval, share } from './values.ts';

interface Flags {
  baseline?: string;
  candidate?: string;
  for: number;
  every: number;
  pass: number;
  marginal: number;
  tolerance: number;
  horizon: number;
  onMarginal: 'pass' | 'fail' | 'marginal';
  onInconclusive: 'pass' | 'fail' | 'wait' | 'inconclusive';
  json?: true;
  loadMetric?: string;
  html?: string;
  name: string;
  serve?: string;
}

/** Off the ranges of shells and sysexits.h: a rollout tool can tell them apart. */
const EXITS: Readonly<Record<CanaryVerdict, number>> = { pass: 0, fail: 91, marginal: 92, inconclusive: 93 };

/** `threadguard canary`: whether the candidate grows where the baseline does not. */
export function canaryCommand(): Command {
  const d = DEFAULT_RULE;
  return new Command('canary')
    .description('whether a new version leaks threads or maps against the old one')
    .argument('[command...]', 'after --: the candidate, started under the guard')
    .passThroughOptions()
    .showSuggestionAfterError()
    .addOption(new Option('--baseline <selector>', 'the old one: pid:N, unit:NAME, cgroup:PATH or file:SAMPLES'))
    .addOption(new Option('--candidate <selector>', 'the new one'))
    .addOption(new Option('--for <duration>', 'how long they are watched').argParser(duration).default(600_000, '10m'))
    .addOption(new Option('--every <duration>', 'between two samples').argParser(interval).default(1_000, '1s'))
    .addOption(new Option('--pass <score>', 'passes from this score on').argParser(count).default(d.pass))
    .addOption(new Option('--marginal <score>', 'is marginal from this score on').argParser(count).default(d.marginal))
    .addOption(
      new Option('--tolerance <share>', 'how much higher a level may be').argParser(share).default(d.tolerance, '25%'),
    )
    .addOption(
      new Option('--horizon <duration>', 'a predicted end nearer than this fails')
        .argParser(duration)
        .default(d.horizonMs, '1h'),
    )
    .addOption(
      new Option('--on-marginal <what>', 'how a marginal verdict ends')
        .choices(['marginal', 'pass', 'fail'])
        .default('marginal'),
    )
    .addOption(
      new Option('--on-inconclusive <what>', 'how an inconclusive verdict ends; wait goes on as long again')
        .choices(['inconclusive', 'pass', 'fail', 'wait'])
        .default('inconclusive'),
    )
    .addOption(new Option('--serve <address>', 'answer rollout engines there, and go on answering after the verdict'))
    .addOption(new Option('--name <name>', 'what this canary is called there').default('canary'))
    .addOption(new Option('--load-metric <name>', 'take out what load explains: cpu, or a field of both recordings'))
    .addOption(new Option('--html <file>', 'write a page with both series'))
    .addOption(new Option('--json', 'one JSON document'))
    .action(async (command: string[], flags: Flags) => {
      process.exitCode = await canary(flags, command);
    });
}

async function canary(flags: Flags, command: readonly string[]): Promise<number> {
  const isStarted = command.length > 0;
  if (flags.baseline === undefined || (flags.candidate === undefined) !== isStarted) {
    throw new GuardError('no-subject', 'a canary needs a --baseline, and a --candidate or a command after --', {
      hint: 'threadguard canary --baseline unit:old.service --candidate unit:new.service',
    });
  }
  if (flags.marginal > flags.pass || flags.pass > 100) {
    throw new GuardError(
      'bad-score',
      `--marginal ${flags.marginal} and --pass ${flags.pass} are no scores in this order`,
      {
        hint: 'from 0 to 100, --marginal not above --pass',
      },
    );
  }
  const root = kernelRoot();
  const baseline = openSource(root, flags.baseline, flags.loadMetric);
  const started = isStarted ? await startCandidate(root, launcherPath(), command) : undefined;
  const candidate = started?.source ?? openSource(root, flags.candidate ?? '', flags.loadMetric);
  const state: { -readonly [K in keyof GateState]: GateState[K] } = {
    name: flags.name,
    judgement: undefined,
    isFinal: false,
  };
  const server =
    flags.serve === undefined
      ? undefined
      : await openHttpServer(flags.serve, 'gates', (method, path) => answerGate(method, path, state));
  if (server !== undefined) process.stderr.write(`threadguard: gates on http://${server.address}/v1/canary\n`);
  let result = await watch(flags, baseline, candidate, state);
  if (
    flags.onInconclusive === 'wait' &&
    result.judgement.verdict === 'inconclusive' &&
    isLive(baseline) &&
    isLive(candidate)
  ) {
    result = await watch({ ...flags, for: 2 * flags.for }, baseline, candidate, state);
  }
  await started?.stop();
  state.judgement = result.judgement;
  state.isFinal = true;
  process.stdout.write(flags.json === true ? `${JSON.stringify(canaryDocument(result))}\n` : canaryText(result));
  if (flags.html !== undefined) writePage(flags.html, result);
  if (server !== undefined) await asked();
  server?.close();
  return exitOf(result.judgement.verdict, flags);
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

function exitOf(verdict: CanaryVerdict, { onInconclusive, onMarginal }: Flags): number {
  const asked = verdict === 'marginal' ? onMarginal : verdict === 'inconclusive' ? onInconclusive : verdict;
  return EXITS[asked === 'wait' ? 'inconclusive' : asked];
}

async function watch(
  flags: Flags,
  baseline: Source,
  candidate: Source,
  state: { judgement: Judgement | undefined },
): Promise<CanaryResult> {
  const isTerminal = process.stderr.isTTY === true;
  const result = await watchCanary(baseline, candidate, {
    forMs: flags.for,
    everyMs: flags.every,
    loadField: flags.loadMetric,
    rule: { tolerance: flags.tolerance, horizonMs: flags.horizon, pass: flags.pass, marginal: flags.marginal },
    remaining: remainingOf(candidate),
    now: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onJudgement: (judgement) => {
      state.judgement = judgement;
    },
    onSample: (samples, elapsedMs) => {
      if (!isTerminal) return;
      process.stderr.write(
        `\r\u001b[K${samples} samples, ${formatDuration(elapsedMs)} of ${formatDuration(flags.for)}`,
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
