import type { Session } from './session.ts';

/** What is open is closed; what is still to be said is said, within bounds. */
export async function closeSession({ outlets, start: { reaper, relay } }: Session): Promise<void> {
  const { exposed, manager, telling, voice } = outlets;
  await Promise.all([telling.flush(TELLING_MS), exposed.close()]);
  telling.close();
  const undelivered = telling.undelivered();
  if (undelivered > 0) {
    const what = undelivered === 1 ? 'a message to people was' : `${undelivered} messages to people were`;
    const problem = `${what} not delivered`;
    voice.report({ event: 'error', about: 'telling', problem, details: { undelivered } });
  }
  const foreign = manager?.foreign ?? 0;
  if (foreign > 1) {
    const problem = `${foreign} notifications that were not of the command were not handed on`;
    voice.report({ event: 'error', about: 'telling', problem, details: { foreign } });
  }
  reaper.close();
  await voice.flush(FLUSH_MS);
  relay.close();
  manager?.close();
}

const FLUSH_MS = 250;
/** For the last messages to people elsewhere; the target has ended by then. */
const TELLING_MS = 3_000;
