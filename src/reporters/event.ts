const EVENT_NAMES = [
  'start',
  'contained',
  'sample',
  'warn',
  'clamp',
  'release',
  'dump',
  'terminate',
  'kill',
  'trip',
  'exit',
  'restart',
  'rollback',
  'reload',
  'error',
] as const;

/** Every name, for those who choose among them. */
export const EVENTS: readonly string[] = EVENT_NAMES;

/** One thing that happened. `event` and the base fields are a contract; see docs/run.md. */
export interface GuardEvent {
  readonly event: (typeof EVENT_NAMES)[number];
  /** One sentence for people, without the event's name. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Takes events; must never wait and never throw. */
export type Reporter = (event: GuardEvent) => void;
