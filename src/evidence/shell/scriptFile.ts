import type { Frame } from '../../core/stack.ts';
import type { MakerProcess } from '../creators/makers/frameReader.ts';
import { readScript, readScriptLines, type ShellScript, textName } from './shellScript.ts';

/** The script that a shell runs, as frames name it. */
export class ScriptFile {
  readonly #process: Pick<MakerProcess, 'root' | 'pid'>;
  readonly #script: ShellScript;
  #lines: readonly string[] | 'none' | undefined;

  constructor(process: Pick<MakerProcess, 'root' | 'pid'>) {
    this.#process = process;
    this.#script = readScript(process.root, process.pid) ?? { kind: 'input' };
  }

  /** The file as it was named on the command line; nothing for a text and for what comes from the input. */
  get place(): Pick<Frame, 'file'> {
    return this.#script.kind === 'file' ? { file: this.#script.path } : {};
  }

  /** Whether it stands behind -c. */
  get isText(): boolean {
    return this.#script.kind === 'text';
  }

  /** Whether all of it is one line. */
  get isOneLine(): boolean {
    return this.#script.kind === 'text' && !this.#script.text.trimEnd().includes('\n');
  }

  /** What runs outside of functions. */
  mainFrame(line: number | undefined): Frame {
    const name = this.#script.kind === 'text' ? textName(this.#script) : 'main';
    return { function: name, ...this.place, ...(line === undefined ? {} : { line }) };
  }

  /** Whether the script has this function on this line: it may be one of a file that the script has read (`. lib.sh`). */
  defines(name: string, line: number): boolean {
    if (this.#script.kind !== 'file') return false;
    this.#lines ??= readScriptLines(this.#process.root, this.#process.pid, this.#script.path) ?? 'none';
    const text = this.#lines === 'none' ? undefined : this.#lines[line - 1];
    if (text === undefined) return false;
    const at = text.indexOf(name);
    return at >= 0 && /^\s*\(/.test(text.slice(at + name.length));
  }
}
