import type { LimitSuggestion } from '../core/growth/suggestLimit.ts';
import { escapeText } from '../core/units.ts';
import type { SuggestedLimitDocument } from '../schemas/suggestLimitSchema.ts';

/** The pause process of a pod, and probes that run in it, count too: podPidsLimit needs room for them. */
const POD_EXTRA = 16;

/** The document of `suggest-limit --json`. */
export function suggestedLimitDocument({ limit, reasons }: LimitSuggestion): SuggestedLimitDocument {
  return { schema: 'threadguard.suggest-limit/1', limit: limit ?? null, reasons };
}

/** The limit as each tool wants it, then why. */
export function suggestedLimitText({ limit, reasons }: LimitSuggestion): string {
  const settings =
    limit === undefined
      ? []
      : [
          `systemd:     TasksMax=${limit}`,
          `kubelet:     podPidsLimit: ${limit + POD_EXTRA} (the pause process and the probes of the pod count too)`,
          `threadguard: --max-tasks ${limit}`,
        ];
  return `${[...settings, ...reasons.map((reason) => `  ${escapeText(reason)}`)].join('\n')}\n`;
}
