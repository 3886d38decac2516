import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The sh launcher beside the bundle. */
export function launcherPath(): string {
  return realpathSync(fileURLToPath(new URL('../bin/threadguard', import.meta.url)));
}
