import { GuardError } from '../../errors.ts';

/** The format that a webhook expects. */
export type WebhookFormat = 'generic' | 'slack' | 'alertmanager';

/** Where somebody is told. `label` is for logs: it has none of the secrets of an address. */
export type Destination =
  | { readonly kind: 'http'; readonly url: URL; readonly format: WebhookFormat; readonly label: string }
  | { readonly kind: 'unix'; readonly path: string; readonly label: string }
  | { readonly kind: 'file'; readonly path: string; readonly label: string }
  | { readonly kind: 'exec'; readonly command: string; readonly label: string };

const HINT =
  'https://…, slack+https://…, alertmanager+http://HOST:9093, unix:/PATH, file:/PATH or exec:COMMAND are destinations';
const ALERTS = '/api/v2/alerts';

/** Reads a word of `--tell`. Throws a GuardError for one that is no destination. */
export function parseDestination(text: string): Destination {
  const match = /^(?:(slack|alertmanager)\+)?(https?:.*)$/s.exec(text);
  if (match !== null) return webhook((match[1] ?? 'generic') as WebhookFormat, match[2] as string, text);
  const colon = text.indexOf(':');
  const kind = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (kind === 'exec' && rest.trim() !== '') return { kind, command: rest, label: `exec:${rest.split(' ')[0]}` };
  if ((kind === 'unix' || kind === 'file') && rest.startsWith('/')) return { kind, path: rest, label: text };
  throw new GuardError('bad-destination', `--tell ${JSON.stringify(text)} is no destination`, { hint: HINT });
}

function webhook(format: WebhookFormat, address: string, text: string): Destination {
  if (!URL.canParse(address)) {
    throw new GuardError('bad-destination', `--tell ${JSON.stringify(text)} is no address`, { hint: HINT });
  }
  const url = new URL(address);
  if (format === 'alertmanager' && url.pathname === '/') url.pathname = ALERTS;
  // Whoever knows the path of a chat's webhook can write there: it is a secret like a password.
  return { kind: 'http', url, format, label: `${url.protocol}//${url.host}/` };
}
