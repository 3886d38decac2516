import type { Judgement } from '../core/growth/judge.ts';

/** What a rollout engine is answered. */
export interface GateAnswer {
  readonly code: number;
  readonly type: 'application/json' | 'text/plain';
  readonly body: string;
}

/** What a gate knows. */
export interface GateState {
  readonly name: string;
  /** The verdict so far; `undefined` before there were enough samples. */
  readonly judgement: Judgement | undefined;
  /** Whether the watch is over: then the verdict is final. */
  readonly isFinal: boolean;
}

/**
 * The routes of rollout engines. The web metric of Argo Rollouts takes anything but 2xx for an error, so its route always
 * answers 200 with a flat object. Flagger's webhooks take 200 for yes and anything else for no, and log the body. What
 * they send in a body is not looked at.
 */
export async function answerGate(method: string, path: string, state: GateState): Promise<GateAnswer> {
  switch (path) {
    case `/v1/canary/${encodeURIComponent(state.name)}`:
    case '/v1/canary':
      return method === 'GET' || method === 'HEAD' ? json(200, { data: flat(state) }) : plain(405, 'only GET');
    case '/v1/gate/promote':
      return method === 'POST' ? gate(state, 'pass') : plain(405, 'only POST');
    case '/v1/gate/rollback':
      return method === 'POST' ? gate(state, 'fail') : plain(405, 'only POST');
    case '/metrics': {
      // Only a canary that is scraped needs the library.
      const { verdictMetrics } = await import('./verdictMetrics.ts');
      return plain(200, await verdictMetrics(state.name, state.judgement));
    }
    default:
      return plain(404, 'there are /v1/canary, /v1/gate/promote, /v1/gate/rollback and /metrics');
  }
}

/** No nesting, and no number that JSON does not have: a condition of an engine is one comparison. */
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

/** A gate opens when the watch is over with its verdict. A failure is known before the end of the watch. */
function gate({ isFinal, judgement }: GateState, wanted: 'pass' | 'fail'): GateAnswer {
  const verdict = judgement?.verdict ?? 'inconclusive';
  const isOpen = verdict === wanted && (isFinal || wanted === 'fail');
  return plain(
    isOpen ? 200 : 409,
    `${verdict}${isFinal ? '' : ' so far'}: ${judgement?.sentence ?? 'not enough samples yet'}`,
  );
}

function json(code: number, value: object): GateAnswer {
  return { code, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

function plain(code: number, text: string): GateAnswer {
  return { code, type: 'text/plain', body: text.endsWith('\n') ? text : `${text}\n` };
}
