/** The package's types are those of its index, which imports WebAssembly as a module: Node 20 does not. */
declare module 'gecko-profiler-demangle/index_bg.js' {
  export function demangle_any(name: string): string;
  export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
}
