import type { TaskRecording } from '../core/growth/suggestLimit.ts';
import { readSeries } from './recording.ts';

/** The tasks of a recording, every sample of them. Throws a GuardError (125) when the file is no recording. */
export function readTaskRecording(path: string): TaskRecording {
  const { label, points } = readSeries(path);
  return { label, points: points.map(({ tasks, timeMs }) => ({ timeMs, value: tasks })) };
}
