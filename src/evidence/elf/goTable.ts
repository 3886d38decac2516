import type { Elf } from './elf.ts';
import { GoFunctions } from './goFunctions.ts';
import { readGoHeader } from './goHeader.ts';
import { NO_LIMITS } from './readLimits.ts';
import { RA, RSP, type UnwindRule } from './unwindRule.ts';

/** Go's own table of functions. It survives `strip`, and takes the place of `.eh_frame`, which Go does not write. */
export interface GoTable {
  /** The function that an address is in; `undefined` outside of Go code. */
  find(address: number): GoFunction | undefined;
  ruleAt(address: number): UnwindRule | undefined;
}

export interface GoFunction {
  readonly name: string;
  readonly start: number;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

const SECTIONS = ['.gopclntab', '.data.rel.ro.gopclntab'];
/** It is only loaded: addresses are looked up in it. */
const BYTES_PER_MS = 1 << 20;
/** Nobody called these: a goroutine, a thread or a switch of stacks begins there. */
const BOTTOMS = new Set([
  'runtime.goexit',
  'runtime.goexit.abi0',
  'runtime.mstart',
  'runtime.mstart.abi0',
  'runtime.rt0_go',
  'runtime.rt0_go.abi0',
  'runtime.mcall',
  'runtime.systemstack',
  'runtime.systemstack.abi0',
  'runtime.morestack',
  'runtime.morestack.abi0',
  '_rt0_amd64_linux',
]);
const SIGNAL_FRAME = 'runtime.sigreturn';
/** Bytes of the return address, which the call puts below the frame. */
const RETURN_BYTES = 8;

/** The table of a Go program of 1.16 or newer (runtime/symtab.go); `undefined` for any other file. */
export function readGoTable(elf: Elf): GoTable | undefined {
  const section = elf.sections.find(({ name }) => SECTIONS.includes(name));
  const limits = elf.source.limits ?? NO_LIMITS;
  if (section === undefined || !limits.mayLoad(section.size, BYTES_PER_MS)) return undefined;
  const bytes = elf.source.read(section.offset, section.size);
  if (bytes === undefined) return undefined;
  const header = readGoHeader(bytes, elf.sections.find(({ name }) => name === '.text')?.address ?? 0);
  if (header === undefined) return undefined;
  const functions = new GoFunctions(bytes, header, limits);
  return {
    find: (address) => findFunction(functions, address),
    ruleAt: (address) => ruleAt(functions, address),
  };
}

function findFunction(functions: GoFunctions, address: number): GoFunction | undefined {
  const index = functions.locate(address);
  if (index === undefined) return undefined;
  const entry = functions.entry(index);
  const { line, name, start } = entry;
  const file = functions.fileAt(entry, start);
  // Code that was inlined from another file has that file's line. Then the line where the function begins says more.
  const at = functions.fileAt(entry, address) === file ? address : start;
  return { name, start, file, line: functions.valueAt(line, entry, at) };
}

/** The frame of a Go function lies at the stack pointer, as large as the table says for each address. */
function ruleAt(functions: GoFunctions, address: number): UnwindRule | undefined {
  const index = functions.locate(address);
  if (index === undefined) return undefined;
  const entry = functions.entry(index);
  const size = functions.valueAt(entry.stack, entry, address) ?? 0;
  return {
    functionStart: entry.start,
    functionEnd: functions.startOf(index + 1),
    cfa: { kind: 'register', register: RSP, offset: size + RETURN_BYTES },
    registers: [[RA, { kind: 'offset', offset: -RETURN_BYTES }]],
    isBottom: BOTTOMS.has(entry.name),
    isSignal: entry.name.startsWith(SIGNAL_FRAME),
  };
}
