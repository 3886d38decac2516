import { Command, Option } from 'commander';
import { escapeText } from '../core/units.ts';
import { checksOf } from '../doctor/checks.ts';
import { examine } from '../doctor/examine.ts';
import type { Check } from '../doctor/findings.ts';
import { kernelRoot } from '../procfs/root.ts';
import { loadLibc } from '../sys/libc.ts';
import { REAL_CLOCK } from '../sys/realClock.ts';

/** `threadguard doctor`: what this machine and this user can enforce, and how to get the rest. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what can be enforced here, what not, and how to get it')
    .showSuggestionAfterError()
    .addOption(new Option('--json', 'one JSON document'))
    .addOption(new Option('--strict', 'exit 1 when anything that run would want is missing'))
    .action(async ({ json, strict }: { json?: true; strict?: true }) => {
      const found = await examine(kernelRoot(), loadLibc(), process.env, REAL_CLOCK.sleep);
      const checks = checksOf(found);
      const { containment, kernel } = found;
      process.stdout.write(
        json === true
          ? `${JSON.stringify({ schema: 'threadguard.doctor/1', kernel, containment: containment.kind, checks })}\n`
          : text(checks),
      );
      process.exitCode = strict === true && checks.some(({ ok }) => !ok) ? 1 : 0;
    });
}

function text(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, ok, detail, hint }) => [
    `${ok ? 'ok     ' : 'missing'}  ${name.padEnd(width)}  ${escapeText(detail)}`,
    ...(hint === '' ? [] : [`${' '.repeat(width + 11)}→ ${hint}`]),
  ]);
  return `${lines.join('\n')}\n`;
}
