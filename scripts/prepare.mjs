// Runs after `npm ci` in a clone, and before `npm pack`: builds, where what builds is installed.
import { execSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const compiler = fileURLToPath(new URL('../node_modules/.bin/tsc', import.meta.url));
if (existsSync(compiler)) execSync('npm run build', { stdio: 'inherit' });
else console.log('threadguard: not built, because the development dependencies were left out (--omit=dev)');
