import type { CanaryJudging, CanaryOutput, CanarySubjects } from '../canary/canaryOptions.ts';
import { DEFAULT_RULE } from '../core/growth/judge.ts';
import type { FlagsOf } from '../flags/flag.ts';
import { duration, interval, score, share } from '../flags/quantities.ts';
import { choice, file, text, yes } from '../flags/words.ts';

const d = DEFAULT_RULE;

export const SUBJECT_FLAGS: FlagsOf<CanarySubjects> = {
  baseline: {
    name: 'baseline',
    kind: text,
    value: '<selector>',
    help: 'the old version: pid:N, unit:NAME, cgroup:PATH or file:SAMPLES',
  },
  candidate: { name: 'candidate', kind: text, value: '<selector>', help: 'the new version' },
  forMs: { name: 'for', kind: duration, default: 600_000, help: 'how long both are watched' },
  everyMs: { name: 'every', kind: interval, default: 1_000, help: 'time between two samples' },
  loadMetric: {
    name: 'load-metric',
    kind: text,
    value: '<name>',
    help: 'take out what load explains: cpu, or a field of both recordings',
  },
};

export const JUDGING_FLAGS: FlagsOf<CanaryJudging> = {
  pass: { name: 'pass', kind: score, default: d.pass, help: 'lowest score that passes' },
  marginal: { name: 'marginal', kind: score, default: d.marginal, help: 'lowest score that is marginal' },
  tolerance: { name: 'tolerance', kind: share, default: d.tolerance, help: 'how much higher a level may be' },
  horizonMs: {
    name: 'horizon',
    kind: duration,
    default: d.horizonMs,
    help: 'fail when a ceiling is predicted to be used up within this time',
  },
  onMarginal: {
    name: 'on-marginal',
    kind: choice(['marginal', 'pass', 'fail'], '<what>'),
    default: 'marginal',
    help: 'how a marginal verdict ends',
  },
  onInconclusive: {
    name: 'on-inconclusive',
    kind: choice(['inconclusive', 'pass', 'fail', 'wait'], '<what>'),
    default: 'inconclusive',
    help: 'how an inconclusive verdict ends; wait watches for twice as long once more',
  },
};

export const CANARY_OUTPUT_FLAGS: FlagsOf<CanaryOutput> = {
  serve: {
    name: 'serve',
    kind: text,
    value: '<address>',
    help: 'address to answer rollout engines on, also after the verdict',
  },
  name: { name: 'name', kind: text, value: '<name>', default: 'canary', help: 'name of this canary at that address' },
  html: { name: 'html', kind: file, help: 'file to write a page with both series to' },
  json: { name: 'json', kind: yes, default: false, help: 'print one JSON document' },
};
