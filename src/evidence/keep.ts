import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type OwnDir, openOwnDir, removeTree } from '../sys/ownDir.ts';

/** As `openIncidentDir` names them, so that they sort by time. */
const NAME = /^\d{4}-\d\d-\d\dT[\d-]+Z-\d+-\w{6}$/;

/**
 * Removes the oldest incidents beside `path` until `keep` are left, `path` included. A directory counts only if it is named
 * like an incident, belongs to the user of the guard, and holds an incident. What else an operator keeps there stays, and so
 * does what a running guard has not used yet.
 */
export function removeOldIncidents(path: string, keep: number): void {
  let parent: OwnDir;
  try {
    parent = openOwnDir(dirname(path), undefined);
  } catch {
    return;
  }
  try {
    const names = readdirSync(parent.at('.')).filter((name) => NAME.test(name) && holdsIncident(parent, name));
    for (const name of names.sort().slice(0, -keep)) {
      if (name !== basename(path)) removeTree(parent, name);
    }
  } finally {
    parent.close();
  }
}

function holdsIncident(parent: OwnDir, name: string): boolean {
  try {
    return readdirSync(parent.at(name)).includes('incident.json');
  } catch {
    return false;
  }
}
