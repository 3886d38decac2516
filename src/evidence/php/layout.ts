/** Where PHP keeps what is read of it, on 64-bit Linux. Offsets are in bytes. */
export interface PhpLayout {
  /** Of `zend_op_array` in zend_compile.h. */
  readonly count: number;
  readonly code: number;
  readonly file: number;
  /** The number of the closures in it, and the pointers to them. */
  readonly closures: { readonly count: number; readonly at: number };
}

const MODERN: PhpLayout = { count: 76, code: 80, file: 144, closures: { count: 172, at: 184 } };

/**
 * By ZEND_MODULE_API_NO. 8.2 was measured; the others follow from the declarations of their versions, and are checked by the
 * shape of each function that is read. What is not here is not read.
 */
const LAYOUTS: Readonly<Record<number, PhpLayout>> = {
  // 8.1, 8.2, 8.3, 8.4.
  20210902: { ...MODERN, count: 68, code: 72 },
  20220829: { count: 80, code: 88, file: 152, closures: { count: 180, at: 192 } },
  20230831: MODERN,
  20240924: { count: 96, code: 104, file: 168, closures: { count: 188, at: 200 } },
};

/** `undefined` for a version that is not known. */
export function phpLayout(moduleApi: number): PhpLayout | undefined {
  return LAYOUTS[moduleApi];
}

/** `zend_executor_globals`, without threads (zend_globals.h). */
export const GLOBALS = { functions: 432, classes: 440, current: 488 } as const;
/** `zend_execute_data`. */
export const CALL = { bytes: 56, function: 24, caller: 48 } as const;
/** `zend_op`. */
export const OP = { bytes: 32, line: 24 } as const;
/** The begin of `zend_function`, then what `PhpLayout` has. */
export const FUNCTION = { bytes: 208, type: 0, name: 8, scope: 16 } as const;
/** `zend_class_entry`. */
export const CLASS = { bytes: 16, type: 0, name: 8, functions: 64 } as const;
/** `zend_array`, and its buckets. */
export const TABLE = { bytes: 32, data: 16, used: 24 } as const;
export const BUCKET = { bytes: 32, value: 0, type: 8 } as const;
/** ZEND_INTERNAL_FUNCTION and ZEND_USER_FUNCTION; for a class it is the same. ZEND_EVAL_CODE. */
export const KIND = { internal: 1, user: 2, eval: 4 } as const;
