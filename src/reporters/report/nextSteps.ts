import { bindingCeiling, ceilingLabel } from '../../core/ceiling.ts';
import type { Creator } from '../../core/creators.ts';
import { frameText, waitText } from '../../core/headline.ts';
import type { Incident } from '../../core/incident.ts';
import { escapeText, formatShare } from '../../core/units.ts';
import { remedyOf } from './why.ts';

/** What an operator would do next, in order: sentences. */
export function nextSteps({ ceilings, document }: Incident): string[] {
  const steps = [lookAt(document.creators[0])];
  const [group] = document.groups;
  if (group?.site !== undefined) {
    steps.push(`Look at ${frameText(group.site)}: why do its threads stay ${waitText(group.wait)}?`);
  }
  const remedy = remedyOf(document.trip);
  if (remedy !== undefined) steps.push(remedy);
  const binding = bindingCeiling(ceilings.after);
  if (binding !== undefined) {
    steps.push(
      `If the load is honest, raise ${escapeText(ceilingLabel(binding))} (${escapeText(binding.raise)}) or its budget (--budget); threadguard limits --suggest says what that exposes next.`,
    );
  }
  steps.push('The stacks are in stacks.folded: FlameGraph and speedscope read it.');
  return steps;
}

function lookAt(creator: Creator | undefined): string {
  if (creator === undefined) {
    return 'Nobody was caught making threads: run it again with a longer --dump-timeout, or look at the largest group.';
  }
  const { executor, frames, share } = creator;
  const where = frames[0] === undefined ? 'the code that was caught' : frameText(frames[0]);
  const through = executor === undefined ? '' : ` (through ${escapeText(executor)})`;
  return `Look at ${where}${through}, which makes ${formatShare(Math.round(share * 100) / 100)} of the threads: bound what it makes, or find out why it makes so many.`;
}
