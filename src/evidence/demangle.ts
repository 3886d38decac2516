import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as glue from 'gecko-profiler-demangle/index_bg.js';

/** No compiler writes a longer name; what a demangler does with one is nobody's promise. */
const MOST_LETTERS = 8_192;

let isLoaded: boolean | undefined;
const known = new Map<string, string>();

/**
 * A C++ or Rust name as its source has it, with the arguments of templates and functions. Any other name stays as it is,
 * and so does a name that cannot be read. The demanglers are those of the Firefox profiler, in WebAssembly. They are
 * loaded when the first such name is met.
 */
export function demangle(name: string): string {
  if (!/^_[ZR]./.test(name) || name.length > MOST_LETTERS) return name;
  let plain = known.get(name);
  if (plain === undefined) {
    isLoaded ??= load();
    plain = isLoaded ? convert(name) : name;
    known.set(name, plain);
  }
  return plain;
}

function convert(name: string): string {
  try {
    const plain = glue.demangle_any(name);
    // A name that it does not know comes back without its first underscore.
    if (plain === name.slice(1)) return name;
    // A compiler may split a function into parts. To people they are that function.
    return withoutParts(plain);
  } catch {
    return name;
  }
}

/** `work(int) [clone .part.0] [clone .cold]` without what stands in brackets at the end. */
export function withoutParts(name: string): string {
  let end = name.length;
  while (name[end - 1] === ']') {
    const open = name.lastIndexOf(' [clone ', end - 1);
    if (open < 0 || name.indexOf(']', open) !== end - 1) break;
    end = open;
  }
  return name.slice(0, end);
}

/** False if the file is missing. */
function load(): boolean {
  try {
    const path = createRequire(import.meta.url).resolve('gecko-profiler-demangle/index_bg.wasm');
    const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), {
      './index_bg.js': glue,
    });
    glue.__wbg_set_wasm(instance.exports);
    (instance.exports['__wbindgen_start'] as () => void)();
    return true;
  } catch {
    return false;
  }
}
