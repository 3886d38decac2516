import { Command, Option } from 'commander';
import { canary } from '../canary/canaryAction.ts';
import type { CanaryOptions } from '../canary/canaryOptions.ts';
import { DEFAULT_RULE } from '../core/growth/judge.ts';
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
      process.exitCode = await canary(optionsOf(flags), command, launcherPath());
    });
}

function optionsOf(flags: Flags): CanaryOptions {
  const { baseline, candidate, every, for: forMs, horizon, html, json, loadMetric, name, serve, ...judging } = flags;
  return {
    subjects: { baseline, candidate, forMs, everyMs: every, loadMetric },
    judging: { ...judging, horizonMs: horizon },
    output: { serve, name, html, json: json === true },
  };
}
