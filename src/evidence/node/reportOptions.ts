import { readText } from '../../procfs/read.ts';
import type { KernelRoot } from '../../procfs/root.ts';

/** How a Node process writes a report when it is sent a signal. */
export interface ReportPlan {
  readonly signal: NodeJS.Signals;
  /** The file's name, if one was given. */
  readonly file: string | undefined;
  /** As the process names it; empty for its working directory. */
  readonly dir: string;
}

const FLAG = '--report-on-signal';

/** By the options of the process and NODE_OPTIONS; `undefined` if it was not started with `--report-on-signal`. */
export function reportPlan(root: KernelRoot, pid: number): ReportPlan | undefined {
  const words = optionsOf(root, pid);
  if (!words.includes(FLAG)) return undefined;
  const setting = (name: string): string | undefined =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  return {
    signal: (setting('--report-signal') ?? 'SIGUSR2') as NodeJS.Signals,
    file: setting('--report-filename'),
    // The second name is the older one.
    dir: setting('--report-directory') ?? setting('--report-dir') ?? '',
  };
}

/** What stands before the script, and in the environment. */
function optionsOf(root: KernelRoot, pid: number): string[] {
  const words = (readText(root.proc(pid, 'cmdline')) ?? '').split('\0');
  const script = words.findIndex((word, index) => index > 0 && !word.startsWith('-'));
  const environment = (readText(root.proc(pid, 'environ')) ?? '').split('\0');
  const given = environment.find((entry) => entry.startsWith('NODE_OPTIONS=')) ?? '';
  return [...words.slice(1, script < 0 ? undefined : script), ...given.slice('NODE_OPTIONS='.length).split(/\s+/)];
}
