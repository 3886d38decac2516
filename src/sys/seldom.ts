/**
 * Modules of Node that few runs need, loaded when they are used. Node compiles each when it is first asked for:
 * `node:crypto` and what it brings in took 2.3 ms of every start, `node:zlib` 0.6 ms.
 */
export const seldom = {
  crypto: (): typeof import('node:crypto') => process.getBuiltinModule('node:crypto'),
  zlib: (): typeof import('node:zlib') => process.getBuiltinModule('node:zlib'),
};
