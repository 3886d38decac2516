import { GuardError } from '../errors.ts';
import { type IncidentDir, openIncidentDir, unkeptIncident } from '../evidence/incidentDir.ts';
import type { Session } from './session.ts';

/**
 * A service that is to be started again is: a full disk may cost it its evidence, not its life. `note` is told if the evidence
 * goes elsewhere than usual; that others had made a directory where this user's should be is an error of its own.
 */
export function openIncident(
  { options, report, start }: Session,
  attempt: number,
  note: (sentence: string) => void = () => {},
): IncidentDir {
  try {
    return openIncidentDir(
      options.evidence.incidentDir,
      start.notes.env,
      new Date().toISOString().replace(/[:.]/g, '-'),
      process.pid,
      undefined,
      (sentence, isOthers) => {
        if (!isOthers) note(sentence);
        else if (attempt === 1) report({ event: 'error', about: 'evidence', problem: sentence });
      },
    );
  } catch (error) {
    if (attempt === 1 || !(error instanceof GuardError)) throw error;
    report({ event: 'error', about: 'evidence', problem: `${error.message}: this run leaves no evidence` });
    return unkeptIncident(error);
  }
}
