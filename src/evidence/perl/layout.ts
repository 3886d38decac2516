/** Where Perl 5.36, built with threads, keeps what is read of it, on 64-bit Linux: by its headers. Offsets are in bytes. */
export const PERL = { revision: 5, version: 36 } as const;

/** `PerlInterpreter` (intrpvar.h): the first block of values, the code of the main program and its tree. */
export const INTERPRETER = { values: 256, mainCode: 1800, mainTree: 1808 } as const;
/** `SV` (sv.h). The first of a block has the address of the next block as its body, and how many there are as its count. */
export const VALUE = { bytes: 24, body: 0, count: 8, flags: 12, pointer: 16 } as const;
/** `SVt_PVCV`, in the low byte of the flags. */
export const CODE_TYPE = 13;
/** `XPVCV` (cv.h). */
export const CODE = { bytes: 104, stash: 32, tree: 48, name: 56, pads: 72, flags: 92 } as const;
/** CVf_NAMED: the name is a text, not a glob. CVf_ISXSUB: it is written in C. */
export const CODE_FLAGS = { isNamed: 0x8000, isNative: 8 } as const;
/** `XPVGV`: a text, and the package. */
export const GLOB = { name: 32, stash: 40 } as const;
/** Of the body of a package: its name, or a list that begins with it. */
export const STASH_NAME = 32;
/** `HEK` (hv.h): the length, then the text. */
export const TEXT = { length: 4, start: 8 } as const;
/** `PADLIST` (pad.h): the highest depth, the pads. */
export const PADS = { bytes: 16, most: 0, list: 8 } as const;
/** `OP` (op.h). A `COP` has the line and the file of a statement. */
export const OP = {
  bytes: 56,
  sibling: 8,
  code: 16,
  target: 24,
  bits: 32,
  flags: 34,
  first: 40,
  line: 36,
  file: 48,
} as const;
/** The low nine bits are the type; `op_moresib`; OPf_KIDS. */
export const OP_BITS = { type: 0x1ff, hasSibling: 0x4000, hasKids: 4 } as const;
/** OP_NULL, OP_NEXTSTATE, OP_DBSTATE (opnames.h). */
export const OP_TYPE = { none: 0, statements: [195, 196] } as const;
