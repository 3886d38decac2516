import { Command, Option } from 'commander';
import { readTaskRecording } from '../canary/taskRecording.ts';
import { suggestLimit } from '../core/growth/suggestLimit.ts';

/** `threadguard suggest-limit`: a limit on tasks from what was recorded, with its reasons. */
export function suggestCommand(): Command {
  return new Command('suggest-limit')
    .description('a limit on tasks from recordings, with its reasons')
    .showSuggestionAfterError()
    .argument('<files...>', 'recordings of threadguard record')
    .addOption(new Option('--json', 'one JSON document'))
    .action((files: string[], { json }: { json?: true }) => {
      const { limit, reasons } = suggestLimit(files.map(readTaskRecording));
      process.stdout.write(
        json
          ? `${JSON.stringify({ schema: 'threadguard.suggest-limit/1', limit: limit ?? null, reasons })}\n`
          : text(limit, reasons),
      );
      if (limit === undefined) process.exitCode = 1;
    });
}

function text(limit: number | undefined, reasons: readonly string[]): string {
  const settings =
    limit === undefined
      ? []
      : [
          `systemd:     TasksMax=${limit}`,
          // A pod has a pause container, and probes that are run in it.
          `kubelet:     podPidsLimit: ${limit + 16} (the pod's own pause process and probes are counted)`,
          `threadguard: --max-tasks ${limit}`,
        ];
  return `${[...settings, ...reasons.map((reason) => `  ${reason}`)].join('\n')}\n`;
}
