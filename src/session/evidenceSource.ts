import type { EvidenceSource } from '../engine/parts.ts';
import type { StderrTail } from '../launch/stderrTail.ts';
import type { ChildTarget } from '../targets/contracts.ts';
import { lastWordsOfGo } from '../targets/goProcess.ts';
import type { IncidentWriter } from './incidentWriter.ts';
import type { Session } from './session.ts';

/** The evidence of one run, as the loop asks for it. */
export function evidenceSource(
  { settings, system: { now, root } }: Session,
  run: {
    readonly evidence: IncidentWriter;
    readonly target: ChildTarget;
    readonly tail: StderrTail | undefined;
    /** Whoever waits for the guard is told that it takes so long. */
    readonly extend: (ms: number) => void;
  },
): EvidenceSource {
  const { evidence, extend, tail, target } = run;
  return {
    dump: (facts, timeoutMs) => {
      extend(timeoutMs);
      return evidence.dump(facts, timeoutMs);
    },
    picture: (facts, timeoutMs) => evidence.picture(facts, timeoutMs),
    lastWords: async () => {
      if (tail === undefined) return;
      const timeoutMs = settings.now.dumpTimeoutMs;
      await lastWordsOfGo(root, target.meter.processes(), { now, timeoutMs });
    },
  };
}
