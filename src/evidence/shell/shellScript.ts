import { readlinkSync } from 'node:fs';
import { redactWords } from '../../core/redact.ts';
import { readShort } from '../../procfs/read.ts';
import type { KernelRoot } from '../../procfs/root.ts';
import { type Held, holdForeign, holdKernelLink, readHeld, release } from '../../sys/foreignPath.ts';

/** What a shell runs, by its command line. */
export type ShellScript =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'text'; readonly shell: string; readonly text: string }
  | { readonly kind: 'input' };

/** Options whose value is the next word: `-o`, `-O` and their opposites, and long ones of bash. */
const WITH_VALUE = /^([-+][a-zA-Z]*[oO]|--(rcfile|init-file))$/;
const MOST_TEXT = 60;
const MOST_SCRIPT_BYTES = 1 << 20;
const FILE = { kind: 'file' } as const;
/** Where shells keep the script that they read: dash and busybox from 10 on, bash at 255. */
const SCRIPT_FDS = [10, 255];

/** Of a process; `undefined` for one that has ended. */
export function readScript(root: KernelRoot, pid: number): ShellScript | undefined {
  const text = readShort(root.proc(pid, 'cmdline'));
  return text === undefined
    ? undefined
    : scriptOf(Buffer.from(text, 'latin1').toString('utf8').split('\0').slice(0, -1));
}

/** The words of a command line: `dash -eu /srv/start.sh now`, `busybox sh -c 'sleep 1 &'`. */
export function scriptOf(words: readonly string[]): ShellScript {
  const name = (words[0] ?? '').replace(/^-/, '').replace(/^.*\//, '');
  let at = name === 'busybox' ? 2 : 1;
  let isText = false;
  for (let word = words[at]; word !== undefined && /^[-+]./.test(word); word = words[at]) {
    at += WITH_VALUE.test(word) ? 2 : 1;
    if (word === '--') break;
    if (/^-[a-zA-Z]*s/.test(word)) return { kind: 'input' };
    if (/^-[a-zA-Z]*c/.test(word)) isText = true;
  }
  const what = words[at];
  if (what === undefined || what === '-') return { kind: 'input' };
  return isText ? { kind: 'text', shell: name === 'busybox' ? 'sh' : name, text: what } : { kind: 'file', path: what };
}

/** `sh -c 'for i in 1 2 3…'`, without secrets and on one line. */
export function textName({ shell, text }: { readonly shell: string; readonly text: string }): string {
  const line = redactWords(text.slice(0, 16 * MOST_TEXT).split(/\s+/))
    .join(' ')
    .trim();
  return `${shell} -c '${line.length > MOST_TEXT ? `${line.slice(0, MOST_TEXT - 1)}…` : line}'`;
}

/**
 * The lines of a script, as it is now: the file that the shell has open if it has its name, else the one at its path.
 * `undefined` if there is none.
 */
export function readScriptLines(root: KernelRoot, pid: number, path: string): readonly string[] | undefined {
  const base = path.replace(/^.*\//, '');
  const ways: (() => Held)[] = SCRIPT_FDS.map((fd) => () => {
    const link = root.proc(pid, 'fd', fd);
    if (readlinkSync(link).replace(/^.*\//, '') !== base) throw new Error('another file');
    return holdKernelLink(link, FILE);
  });
  ways.push(() => {
    const at = path.startsWith('/') ? path : `${readlinkSync(root.proc(pid, 'cwd'))}/${path}`;
    return holdForeign(root.proc(pid, 'root'), at, FILE);
  });
  for (const way of ways) {
    let held: Held | undefined;
    try {
      held = way();
      return readHeld(held, MOST_SCRIPT_BYTES).toString('utf8').split('\n');
    } catch {
      // It was closed, is no file, or lies where links are not ours to follow: the next way.
    } finally {
      release(held);
    }
  }
  return undefined;
}
