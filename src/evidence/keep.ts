import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** As `openIncidentDir` names them, so that they sort by time. */
const NAME = /^\d{4}-\d\d-\d\dT[\d-]+Z-\d+-\w{6}$/;

/**
 * Removes the oldest incidents beside `path` until `keep` are left, `path` included. A directory counts only if it is named
 * like an incident and holds one. What else an operator keeps there stays, and so does what a running guard has not used
 * yet.
 */
export function removeOldIncidents(path: string, keep: number): void {
  const parent = dirname(path);
  let names: string[];
  try {
    names = readdirSync(parent).filter((name) => NAME.test(name) && existsSync(join(parent, name, 'incident.json')));
  } catch {
    return;
  }
  for (const name of names.sort().slice(0, -keep)) {
    if (name !== basename(path)) rmSync(join(parent, name), { recursive: true, force: true });
  }
}
