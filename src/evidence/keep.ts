import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** As `openIncidentDir` names them: they sort by time. */
const NAME = /^\d{4}-\d\d-\d\dT[\d-]+Z-\d+-\w{6}$/;

/**
 * Removes the oldest incidents beside `path` until `keep` are left, itself included. Only directories that are named
 * like incidents and hold one: what else an operator keeps there, and what a running guard has not used yet, stays.
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
