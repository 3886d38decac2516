import { escapeText } from '../../core/units.ts';
import type { EventName } from '../../policy/event.ts';
import type { AlertMeaning } from '../../reporters/eventRow.ts';
import type { WebhookFormat } from './destination.ts';

/** Something that happened, told to people and programs elsewhere: `threadguard.event/1`. */
export interface Message {
  readonly schema: 'threadguard.event/1';
  readonly time: string;
  readonly host: string;
  readonly target: string;
  readonly pid: number | null;
  readonly event: EventName;
  readonly message: string;
  /** Where the evidence is. */
  readonly incident: string | null;
}

/** A message, and the alert that it begins or ends where the receiver knows alerts. */
export interface Letter {
  readonly message: Message;
  readonly alert: AlertMeaning | undefined;
}

/** The body of a request, in the format that the documentation of the receiver describes. */
export function bodyOf(format: WebhookFormat, { alert, message }: Letter): string {
  switch (format) {
    case 'generic':
      return JSON.stringify(message);
    case 'slack':
      return JSON.stringify({ text: slackText(message) });
    case 'alertmanager':
      return JSON.stringify(alert === undefined ? [] : [alertOf(message, alert)]);
    default:
      return format satisfies never;
  }
}

/** Printable. Beside that Slack wants three characters escaped (api.slack.com, "Formatting text for app surfaces"). */
function slackText({ event, host, incident, message, target }: Message): string {
  const lines = [
    `*threadguard* on ${host}, ${target}: *${event}*`,
    ...message.split('\n'),
    ...(incident === null ? [] : [`evidence: ${incident}`]),
  ];
  return lines.map(escapeText).join('\n').replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** An alert is known by its labels. One that is resolved says when it ended (Alertmanager API v2, `postableAlert`). */
function alertOf({ event, host, incident, message, target, time }: Message, { isOver, name }: AlertMeaning): object {
  return {
    labels: { alertname: name, severity: name === 'ThreadguardTrip' ? 'critical' : 'warning', host, target },
    annotations: {
      summary: message.split('\n').map(escapeText).join('\n'),
      event,
      ...(incident === null ? {} : { incident }),
    },
    startsAt: time,
    ...(isOver === true ? { endsAt: time } : {}),
  };
}
