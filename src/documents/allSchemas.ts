import { canarySchema } from '../schemas/canarySchema.ts';
import { doctorSchema } from '../schemas/doctorSchema.ts';
import { drillSchema } from '../schemas/drillSchema.ts';
import { dumpSchema } from '../schemas/dumpSchema.ts';
import { explainSchema } from '../schemas/explainSchema.ts';
import { incidentSchema, reportSchema } from '../schemas/incidentSchema.ts';
import type { DescribedDocument } from '../schemas/jsonSchema.ts';
import { limitsSchema } from '../schemas/limitsSchema.ts';
import { recordingSchema } from '../schemas/recordingSchema.ts';
import { suggestLimitSchema } from '../schemas/suggestLimitSchema.ts';
import { eventsSchema, messageSchema } from './eventsSchema.ts';

/** The name of a file in `schema/`. */
export type SchemaName =
  | 'canary'
  | 'doctor'
  | 'drill'
  | 'dump'
  | 'events'
  | 'explain'
  | 'incident'
  | 'limits'
  | 'message'
  | 'report'
  | 'samples'
  | 'suggest-limit';

/** Every document that programs read, by the name of its file in `schema/`. The configuration has its own (config/schema.ts). */
export const SCHEMAS: Readonly<Record<SchemaName, DescribedDocument>> = {
  canary: { id: 'threadguard.canary/1', title: 'threadguard canary --json', schema: canarySchema },
  doctor: { id: 'threadguard.doctor/1', title: 'threadguard doctor --json', schema: doctorSchema },
  drill: { id: 'threadguard.drill/1', title: 'threadguard drill --json', schema: drillSchema },
  dump: { id: 'threadguard.dump/1', title: 'threadguard dump --json', schema: dumpSchema },
  events: { id: 'threadguard.log/1', title: 'One line of threadguard run --log-format json', schema: eventsSchema },
  explain: { id: 'threadguard.explain/1', title: 'threadguard explain --json', schema: explainSchema },
  incident: { id: 'threadguard.incident/1', title: 'incident.json of an incident', schema: incidentSchema },
  limits: { id: 'threadguard.limits/1', title: 'threadguard limits --json', schema: limitsSchema },
  message: { id: 'threadguard.event/1', title: 'A message that --tell sends', schema: messageSchema },
  report: { id: 'threadguard.report/1', title: 'threadguard report --format json', schema: reportSchema },
  samples: {
    id: 'threadguard.samples/1',
    title: 'One line of a recording of threadguard record',
    schema: recordingSchema,
  },
  'suggest-limit': {
    id: 'threadguard.suggest-limit/1',
    title: 'threadguard suggest-limit --json',
    schema: suggestLimitSchema,
  },
};
