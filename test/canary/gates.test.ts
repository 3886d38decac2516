import { readFileSync } from 'node:fs';
import { AnalysisTemplate } from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/AnalysisTemplate';
import { Ajv } from 'ajv';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { answerGate, type GateAnswer, type GateState } from '../../src/canary/gates.ts';
import type { CanaryVerdict } from '../../src/core/growth/judge.ts';

const state = (verdict: CanaryVerdict | undefined, isFinal = true): GateState => ({
  name: 'orders',
  isFinal,
  judgement:
    verdict === undefined
      ? undefined
      : { verdict, score: verdict === 'pass' ? 100 : 0, samples: 120, metrics: [], sentence: 'tasks: because' },
});
const example = (name: string) =>
  parse(readFileSync(new URL(`../../examples/canary/${name}`, import.meta.url), 'utf8'));
const STATES: readonly (readonly [CanaryVerdict | undefined, boolean])[] = [
  ['pass', true],
  ['pass', false],
  ['marginal', true],
  ['fail', true],
  ['fail', false],
  ['inconclusive', true],
  [undefined, false],
];

/** A condition of an AnalysisTemplate; its language (expr) is JavaScript's for a comparison. */
const holds = (condition: string, result: unknown): boolean =>
  new Function('result', `return ${condition}`)(result) as boolean;
/** As Argo assesses a measurement: failure first, and neither is inconclusive (docs/features/analysis.md, utils/evaluate). */
const argo = (
  { failureCondition, successCondition }: { failureCondition: string; successCondition: string },
  result: unknown,
): string => {
  if (holds(failureCondition, result)) return 'Failed';
  return holds(successCondition, result) ? 'Successful' : 'Inconclusive';
};

describe('Argo Rollouts', () => {
  const WANT = ['Successful', 'Inconclusive', 'Inconclusive', 'Failed', 'Failed', 'Inconclusive', 'Inconclusive'];
  it('web metric: every answer is 2xx, flat, and becomes the phase that is meant', async () => {
    const [metric] = example('argo-web.yaml').spec.metrics;
    const phases: string[] = [];
    for (const [verdict, isFinal] of STATES) {
      const { body, code } = await answerGate('GET', '/v1/canary/orders', state(verdict, isFinal));
      expect(code).toBe(200);
      const { data } = JSON.parse(body) as { data: Record<string, unknown> };
      expect(Object.values(data).every((value) => typeof value !== 'object')).toBe(true);
      phases.push(argo(metric, data));
    }
    expect(phases).toEqual(WANT);
  });
  it('Prometheus: exactly one verdict is 1, and never NaN', async () => {
    const [metric] = example('argo-prometheus.yaml').spec.metrics;
    for (const [verdict, isFinal] of STATES) {
      const { body } = await answerGate('GET', '/metrics', state(verdict, isFinal));
      const value = (name: string) => Number(new RegExp(`verdict="${name}"} (\\S+)`).exec(body)?.[1]);
      const values = ['pass', 'marginal', 'fail', 'inconclusive'].map(value);
      expect(values.reduce((sum, one) => sum + one, 0)).toBe(1);
      const want = verdict === 'pass' ? 'Successful' : verdict === 'fail' ? 'Failed' : 'Inconclusive';
      expect(argo(metric, [value('pass') - value('fail')])).toBe(want);
    }
  });
});

describe('Flagger', () => {
  /** Up to 202 is yes (pkg/controller/webhook.go). */
  const isYes = ({ code }: GateAnswer): boolean => code <= 202;
  const post = (gate: string, verdict: CanaryVerdict | undefined, isFinal: boolean) =>
    answerGate('POST', `/v1/gate/${gate}`, state(verdict, isFinal));
  it.for([
    ['promote', [true, false, false, false, false, false, false]],
    ['rollback', [false, false, false, true, true, false, false]],
  ] as const)('%s: a final pass alone promotes, a failure alone rolls back', async ([gate, want]) => {
    const answers = await Promise.all(STATES.map(([verdict, isFinal]) => post(gate, verdict, isFinal)));
    expect(answers.map(isYes)).toEqual(want);
  });
  it('says why, in one line', async () => {
    expect(await post('promote', 'fail', true)).toEqual({
      code: 409,
      type: 'text/plain',
      body: 'fail: tasks: because\n',
    });
    expect((await post('promote', undefined, false)).body).toBe('inconclusive so far: not enough samples yet\n');
  });
});

it.for([
  ['GET', '/v1/gate/promote', 405],
  ['GET', '/v1/gate/rollback', 405],
  ['POST', '/v1/canary/orders', 405],
  ['GET', '/v1/canary/other', 404],
  ['GET', '/', 404],
  ['GET', '/v1/canary', 200],
  ['HEAD', '/v1/canary/orders', 200],
] as const)('%s %s is answered %i', async ([method, path, code]) => {
  expect((await answerGate(method, path, state('pass'))).code).toBe(code);
});

it('a name that needs escaping has its own route, and its label is escaped', async () => {
  const odd = { ...state('fail'), name: 'a "b"/c\n' };
  expect((await answerGate('GET', `/v1/canary/${encodeURIComponent(odd.name)}`, odd)).code).toBe(200);
  const { body } = await answerGate('GET', '/metrics', odd);
  expect(body).toContain('threadguard_canary_verdict{canary="a \\"b\\"/c\\n",verdict="fail"} 1');
  expect(body).toContain('threadguard_canary_score{canary="a \\"b\\"/c\\n"} 0');
});

/** What Flagger takes, of its CustomResourceDefinition (v1beta1), as far as the example goes. */
const FLAGGER = {
  type: 'object',
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  additionalProperties: false,
  properties: {
    apiVersion: { const: 'flagger.app/v1beta1' },
    kind: { const: 'Canary' },
    metadata: { type: 'object', required: ['name'] },
    spec: {
      type: 'object',
      required: ['targetRef', 'service', 'analysis'],
      additionalProperties: false,
      properties: {
        targetRef: {
          type: 'object',
          required: ['apiVersion', 'kind', 'name'],
          additionalProperties: false,
          properties: {
            apiVersion: { type: 'string' },
            kind: { enum: ['DaemonSet', 'Deployment', 'Service'] },
            name: { type: 'string' },
          },
        },
        service: { type: 'object', required: ['port'] },
        analysis: {
          type: 'object',
          required: ['interval', 'threshold'],
          additionalProperties: false,
          properties: {
            interval: { type: 'string', pattern: '^[0-9]+(m|s)$' },
            threshold: { type: 'number' },
            iterations: { type: 'number' },
            webhooks: {
              type: 'array',
              items: {
                type: 'object',
                required: ['name', 'url'],
                additionalProperties: false,
                properties: {
                  name: { type: 'string' },
                  type: {
                    enum: [
                      '',
                      'confirm-rollout',
                      'pre-rollout',
                      'rollout',
                      'confirm-promotion',
                      'post-rollout',
                      'event',
                      'rollback',
                      'confirm-traffic-increase',
                    ],
                  },
                  url: { type: 'string', format: 'url' },
                  timeout: { type: 'string', pattern: '^[0-9]+(m|s)$' },
                },
              },
            },
          },
        },
      },
    },
  },
};

describe('the manifests', () => {
  it.each(['argo-web.yaml', 'argo-job.yaml', 'argo-prometheus.yaml'])('%s is an AnalysisTemplate', (name) => {
    expect(() => new AnalysisTemplate(example(name)).validate()).not.toThrow();
    expect(() => new AnalysisTemplate({ ...example(name), spec: {} }).validate()).toThrow();
  });
  it('job.yaml is a Job', () => {
    expect(() => new Job(example('job.yaml')).validate()).not.toThrow();
    expect(() => new Job({ ...example('job.yaml'), spec: { template: 5 } }).validate()).toThrow();
  });
  it('flagger.yaml is a Canary', () => {
    const validate = new Ajv({ formats: { url: true } }).compile(FLAGGER);
    expect([validate(example('flagger.yaml')), validate.errors]).toEqual([true, null]);
  });
});
