import { rename, rm, writeFile } from 'node:fs/promises';
import { errnoOf, GuardError } from '../errors.ts';
import { type OwnName, openOwnName, probeIn, replaceIn } from '../sys/ownDir.ts';

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
/** node_exporter reads it as another user. */
const MODE = 0o644;

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
  const place = openPlace(path);
  const file = place.at(place.name);
  const part = place.at(`.${place.name}.${process.pid}.next`);
  let lastMs = Number.NEGATIVE_INFINITY;
  let isBusy = false;
  let hasFailed = false;
  const failed = (error: unknown): void => {
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
        .then((text) => rm(part, { force: true }).then(() => writeFile(part, text, { mode: MODE, flag: 'wx' })))
        .then(() => rename(part, file))
        .then(
          () => {
            hasFailed = false;
          },
          (error: unknown) => {
            failed(error);
            return rm(part, { force: true });
          },
        )
        .catch(() => {})
        .finally(() => {
          isBusy = false;
        });
    },
    close: async () => {
      try {
        replaceIn(place, place.name, await render(), MODE);
      } catch (error) {
        failed(error);
      }
      place.close();
    },
  };
}

/** Its directory, in which a file can be made and removed. */
function openPlace(path: string): OwnName {
  let place: OwnName | undefined;
  try {
    place = openOwnName(path);
    probeIn(place);
    return place;
  } catch (error) {
    place?.close();
    if (error instanceof GuardError) throw error;
    throw new GuardError('bad-metrics-file', `cannot write metrics to ${path} (${errnoOf(error)})`, {
      hint: 'name a file in a directory that can be written',
      cause: error,
    });
  }
}
