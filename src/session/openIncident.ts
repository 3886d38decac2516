import { GuardError } from '../errors.ts';
import { type IncidentDir, openIncidentDir, unkeptIncident } from '../evidence/incidentDir.ts';
import type { Session } from './session.ts';

/** A service that is to be started again is: a full disk may cost it its evidence, not its life. */
export function openIncident({ options, report, start }: Session, attempt: number): IncidentDir {
  try {
    return openIncidentDir(
      options.evidence.incidentDir,
      start.notes.env,
      new Date().toISOString().replace(/[:.]/g, '-'),
      process.pid,
      undefined,
      (problem) => {
        if (attempt === 1) report({ event: 'error', about: 'evidence', problem });
      },
    );
  } catch (error) {
    if (attempt === 1 || !(error instanceof GuardError)) throw error;
    report({ event: 'error', about: 'evidence', problem: `${error.message}: this run leaves no evidence` });
    return unkeptIncident(error);
  }
}
