/** One thing that happened. `event` and the base fields are a contract; see docs/events.md. */
export interface GuardEvent {
  readonly event:
    | 'start'
    | 'contained'
    | 'sample'
    | 'warn'
    | 'clamp'
    | 'release'
    | 'dump'
    | 'terminate'
    | 'kill'
    | 'trip'
    | 'exit'
    | 'restart'
    | 'error';
  /** One sentence for people, without the event's name. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Takes events; must never wait and never throw. */
export type Reporter = (event: GuardEvent) => void;
