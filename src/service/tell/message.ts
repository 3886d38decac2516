import type { GuardEvent } from '../../reporters/event.ts';
import type { WebhookFormat } from './destination.ts';

/** Something that happened, told to people and programs elsewhere: `threadguard.event/1`. */
export interface Message {
  readonly schema: 'threadguard.event/1';
  readonly time: string;
  readonly host: string;
  readonly target: string;
  readonly pid: number | null;
  readonly event: GuardEvent['event'];
  readonly message: string;
  /** Where the evidence is. */
  readonly incident: string | null;
}

/** What people are told when they did not choose. Nobody wants to hear that a sample was taken. */
export const TOLD_BY_DEFAULT: readonly GuardEvent['event'][] = [
  'warn',
  'trip',
  'release',
  'kill',
  'restart',
  'error',
  'exit',
];

/** The body of a request, in the format that the documentation of the receiver describes. */
export function bodyOf(format: WebhookFormat, message: Message): string {
  switch (format) {
    case 'generic':
      return JSON.stringify(message);
    case 'slack':
      return JSON.stringify({ text: slackText(message) });
    case 'alertmanager':
      return JSON.stringify([alert(message)]);
    default:
      return format satisfies never;
  }
}

/** Slack wants three characters escaped and nothing else (api.slack.com, "Formatting text for app surfaces"). */
function slackText({ event, host, incident, message, target }: Message): string {
  const lines = [
    `*threadguard* on ${host}, ${target}: *${event}*`,
    message,
    ...(incident === null ? [] : [`evidence: ${incident}`]),
  ];
  return lines.join('\n').replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** An alert is known by its labels. One that is resolved says when it ended (Alertmanager API v2, `postableAlert`). */
function alert({ event, host, incident, message, target, time }: Message): object {
  const isWarning = event === 'warn';
  const isOver = event === 'release' || event === 'restart';
  return {
    labels: {
      alertname: isWarning ? 'ThreadguardWarning' : 'ThreadguardTrip',
      severity: isWarning ? 'warning' : 'critical',
      host,
      target,
    },
    annotations: { summary: message, event, ...(incident === null ? {} : { incident }) },
    startsAt: time,
    ...(isOver ? { endsAt: time } : {}),
  };
}
