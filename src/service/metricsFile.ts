import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { errnoOf, GuardError } from '../errors.ts';

/**
 * A file of metrics for the textfile collector of node_exporter. It is whole at every moment, because it is renamed into
 * place.
 */
export interface MetricsFile {
  /** Writes it again when the last write is old enough and done. It never waits. */
  refresh(): void;
  /** Writes it for the last time. */
  close(): Promise<void>;
}

/** node_exporter is usually scraped this often: more writes would be wasted. */
const EVERY_MS = 15_000;

/** Throws a GuardError when the file cannot be written now. A later failure is told to `onError` once. */
export function openMetricsFile(
  path: string,
  render: () => Promise<string>,
  now: () => number,
  onError: (message: string) => void,
): MetricsFile {
  if (!path.endsWith('.prom')) {
    throw new GuardError('bad-metrics-file', `--metrics-file ${path}: the textfile collector reads only *.prom`, {
      hint: 'give it a name that ends in .prom',
    });
  }
  const part = `${path}.${process.pid}`;
  try {
    writeFileSync(part, '');
    rmSync(part);
  } catch (error) {
    throw new GuardError('bad-metrics-file', `cannot write metrics to ${path} (${errnoOf(error)})`, {
      hint: 'name a file in a directory that can be written',
      cause: error,
    });
  }
  let lastMs = Number.NEGATIVE_INFINITY;
  let isBusy = false;
  let hasFailed = false;
  const failed = (error: unknown): void => {
    rmSync(part, { force: true });
    if (!hasFailed) onError(`cannot write metrics to ${path} (${errnoOf(error)})`);
    hasFailed = true;
  };
  return {
    refresh: () => {
      if (isBusy || now() - lastMs < EVERY_MS) return;
      isBusy = true;
      lastMs = now();
      // On the thread pool, which is warm: a disk that hangs must not stop the loop.
      render()
        .then((text) => writeFile(part, text, { mode: 0o644 }))
        .then(() => rename(part, path))
        .then(() => {
          hasFailed = false;
        }, failed)
        .finally(() => {
          isBusy = false;
        });
    },
    close: async () => {
      try {
        writeFileSync(part, await render(), { mode: 0o644 });
        renameSync(part, path);
      } catch (error) {
        failed(error);
      }
    },
  };
}
