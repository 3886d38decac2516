import type { Judgement } from '../core/growth/judge.ts';

/** What a rollout engine is answered. */
export interface Answer {
  readonly code: number;
  readonly type: 'application/json' | 'text/plain';
  readonly body: string;
}

/** The verdict so far; `undefined` before there were enough samples. */
export interface GateState {
  readonly name: string;
  readonly judgement: Judgement | undefined;
  /** Whether the watch is over: a verdict that is final. */
  readonly isFinal: boolean;
}

const VERDICTS = ['pass', 'marginal', 'fail', 'inconclusive'] as const;

/**
 * Routes of the engines. Argo Rollouts' web metric takes anything but 2xx for an error, so its route always answers 200 with a flat
 * object; Flagger's webhooks take 200 for yes and anything else for no, and log the body. Bodies that they send are accepted and
 * not looked at.
 */
export function answerGate(method: string, path: string, state: GateState): Answer {
  switch (path) {
    case `/v1/canary/${encodeURIComponent(state.name)}`:
    case '/v1/canary':
      return method === 'GET' || method === 'HEAD' ? json(200, { data: flat(state) }) : plain(405, 'only GET');
    case '/v1/gate/promote':
      return method === 'POST' ? gate(state, 'pass') : plain(405, 'only POST');
    case '/v1/gate/rollback':
      return method === 'POST' ? gate(state, 'fail') : plain(405, 'only POST');
    case '/metrics':
      return plain(200, metrics(state));
    default:
      return plain(404, 'there are /v1/canary, /v1/gate/promote, /v1/gate/rollback and /metrics');
  }
}

/** No nesting, no number that JSON does not have: conditions are one comparison. */
function flat({ isFinal, judgement, name }: GateState): Record<string, unknown> {
  return {
    name,
    verdict: judgement?.verdict ?? 'inconclusive',
    score: judgement?.score ?? 0,
    ready: isFinal,
    samples: judgement?.samples ?? 0,
    reason: judgement?.sentence ?? 'not enough samples yet',
  };
}

/** A gate opens when the watch is over with that verdict; a failure is known before its end. */
function gate({ isFinal, judgement }: GateState, wanted: 'pass' | 'fail'): Answer {
  const verdict = judgement?.verdict ?? 'inconclusive';
  const isOpen = verdict === wanted && (isFinal || wanted === 'fail');
  return plain(
    isOpen ? 200 : 409,
    `${verdict}${isFinal ? '' : ' so far'}: ${judgement?.sentence ?? 'not enough samples yet'}`,
  );
}

/** A state set: exactly one verdict is 1. Never NaN, which engines take for a failure. */
function metrics({ judgement, name }: GateState): string {
  const verdict = judgement?.verdict ?? 'inconclusive';
  const label = name.replace(/["\\\n]/g, '_');
  return [
    '# HELP threadguard_canary_verdict The verdict so far: 1 for the one that holds.',
    '# TYPE threadguard_canary_verdict gauge',
    ...VERDICTS.map(
      (one) => `threadguard_canary_verdict{canary="${label}",verdict="${one}"} ${one === verdict ? 1 : 0}`,
    ),
    '# HELP threadguard_canary_score The score so far, from 0 to 100.',
    '# TYPE threadguard_canary_score gauge',
    `threadguard_canary_score{canary="${label}"} ${judgement?.score ?? 0}`,
    '',
  ].join('\n');
}

function json(code: number, value: object): Answer {
  return { code, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

function plain(code: number, text: string): Answer {
  return { code, type: 'text/plain', body: text.endsWith('\n') ? text : `${text}\n` };
}
