// One CommonJS bundle for the command, and V8's code cache beside it: unbundled ESM starts in 129 ms with
// 11 threads, the bundle in 77 ms with 7, with the cache in 64 ms.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const out = (name) => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  legalComments: 'none',
};

// What only some runs need stays out of what every run reads: a configuration brings 30 ms of YAML and schema.
const SELDOM = ['yaml', 'zod', 'prom-client'];
for (const name of SELDOM) {
  await build({
    ...common,
    stdin: { contents: `module.exports = require('${name}')`, resolveDir: import.meta.dirname },
    outfile: out(`${name}.cjs`),
  });
}
const seldomApart = {
  name: 'seldom apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: new RegExp(`^(${SELDOM.join('|')})$`) }, ({ path }) => ({
      path: `./${path}.cjs`,
      external: true,
    })),
};

// sonic-boom asserts one thing when a log is opened again. To have `assert` at hand for that cost every start 2 ms.
const lateAssert = {
  name: 'late assert',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^assert$/ }, () => ({ path: 'assert', namespace: 'late' }));
    onLoad({ filter: /^assert$/, namespace: 'late' }, () => ({
      contents: "module.exports = (...args) => require('node:assert')(...args)",
    }));
  },
};

await build({
  ...common,
  entryPoints: [fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))],
  outfile: out('main.cjs'),
  external: ['koffi'],
  plugins: [seldomApart, lateAssert],
  // The loader runs it as a plain script, which cannot import.
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': '__mainUrl', __version: JSON.stringify(version) },
  banner: { js: "const __mainUrl=require('node:url').pathToFileURL(__filename).href;" },
});

// The loader: runs main.cjs through its code cache where this Node accepts it, else plainly.
writeFileSync(
  out('threadguard.cjs'),
  `'use strict';
const { readFileSync } = require('node:fs');
const { Module, createRequire } = require('node:module');
const { Script } = require('node:vm');
const path = require('node:path').join(__dirname, 'main.cjs');
let cachedData;
try { cachedData = readFileSync(path + '.cache'); } catch {}
const script = new Script(Module.wrap(readFileSync(path, 'utf8')), { filename: path, cachedData, importModuleDynamically: undefined });
const module_ = { exports: {} };
if (process.env._THREADGUARD_WRITE_CACHE) setTimeout(() => require('node:fs').writeFileSync(path + '.cache', script.createCachedData()), 300);
script.runInThisContext().call(module_.exports, module_.exports, createRequire(path), module_, path, __dirname);
`,
);

// The cache is written after a run, so that it holds the functions a start really needs.
execFileSync(
  process.execPath,
  // The flags of bin/threadguard: V8 takes no cache that was made under others.
  [
    '--v8-pool-size=0',
    '--single-threaded-gc',
    out('threadguard.cjs'),
    'run',
    '--quiet',
    '--contain',
    'none',
    '--',
    'sleep',
    '1',
  ],
  {
    env: { ...process.env, _THREADGUARD_WRITE_CACHE: '1', NODE_OPTIONS: '' },
    stdio: 'inherit',
  },
);
