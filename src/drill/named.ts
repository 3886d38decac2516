import type { IncidentDocument } from '../core/incident.ts';
import type { Frame } from '../core/stack.ts';

/** Who was found to make the tasks, or, where nobody was caught at it, where they stand. */
export interface NamedCode extends Frame {
  readonly as: 'creator' | 'group';
}

/** The first function, with its line where that is known, that an incident names; `undefined` for one that names none. */
export function namedCode({ creators, groups }: Pick<IncidentDocument, 'creators' | 'groups'>): NamedCode | undefined {
  const creator = creators[0]?.frames[0];
  if (creator !== undefined) return { as: 'creator', ...creator };
  const group = groups.find(({ frames }) => frames.length > 0);
  const frame = group?.site ?? group?.frames[0];
  return frame === undefined ? undefined : { as: 'group', ...frame };
}
