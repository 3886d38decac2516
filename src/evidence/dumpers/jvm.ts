import { rankCreators } from '../../core/creators.ts';
import { formatCount } from '../../core/units.ts';
import { jvmWaitKind } from '../../core/wait.ts';
import type { CreatorSource } from '../creators/creatorSource.ts';
import { sampleByAsking } from '../creators/rounds.ts';
import { askJvm, type JvmAnswer } from '../jvm/attachListener.ts';
import { askBySignal } from '../jvm/quitSignal.ts';
import { threadsByTid } from '../jvm/threadIds.ts';
import type { Dumper, OpenProcess, Reading, Told } from './dumper.ts';

/** The share of the time in which a JVM may answer SIGQUIT. If it says nothing, its native stacks are read in the rest. */
const ANSWER_SHARE = 0.6;

/** Asks a JVM over its attach socket, but only if a listener runs already: starting one ends a JVM at its thread limit. */
export const jvmAttachDumper: Dumper = {
  name: 'the attach listener of the JVM',
  runtime: 'jvm',
  matches: isJvm,
  dump: (process, reading) => {
    const { libc, now } = reading;
    const ask = (endMs: number) => askJvm(process.root, process.pid, libc, endMs - now());
    return told(process, reading, ask(reading.endMs), ask);
  },
  lastWords: ({ recording }) => ({ creators: recordedCreators(recording?.read() ?? []), files: [] }),
};

/** Asks a JVM without a listener by SIGQUIT. */
export const jvmSignalDumper: Dumper = {
  name: 'SIGQUIT to the JVM',
  runtime: 'jvm',
  matches: (process, { signals }) => signals !== undefined && isJvm(process),
  dump: (process, reading) => {
    const { endMs, now, signals } = reading;
    if (signals === undefined) return {};
    const share = { ...reading, signals, endMs: now() + (endMs - now()) * ANSWER_SHARE };
    return told(process, reading, askBySignal(process.root, process.pid, share), undefined);
  },
};

function isJvm({ runtimes }: OpenProcess): boolean {
  return runtimes.includes('jvm');
}

/** Asks a JVM until a time; `undefined` if it cannot be asked again and again. */
type Ask = ((endMs: number) => JvmAnswer) | undefined;

function told(process: OpenProcess, reading: Reading, answer: JvmAnswer, ask: Ask): Told {
  const { pid } = process;
  const creators = creatorsOf(process, reading, answer.kind === 'dump' ? ask : undefined);
  if (answer.kind === 'none') return { runtime: 'JVM', why: answer.why, creators };
  const threads = threadsByTid(process, answer.dump.threads);
  return {
    runtime: 'JVM',
    stackOf: ({ task }) => {
      const thread = threads.get(task.tid);
      if (thread === undefined || thread.frames.length === 0) return undefined;
      const wait = jvmWaitKind(thread.state);
      const { frames, name } = thread;
      return { runtime: 'jvm', frames, isWhole: true, label: name, ...(wait === undefined ? {} : { wait }) };
    },
    notes: answer.dump.isWhole ? [] : [`the JVM of process ${pid} did not finish its dump in time`],
    files: [{ name: `threads-${pid}.txt`, text: answer.text }],
    creators,
  };
}

/** A JVM makes threads in code that only it can name, so its creators are never looked for in native stacks. */
function creatorsOf({ pid, root }: OpenProcess, { libc, recording }: Reading, ask: Ask): CreatorSource {
  return {
    count: ({ endMs, now }) => recordedCreators(recording?.ask(root, pid, libc, endMs - now()) ?? []),
    sample: (search) => sampleByAsking(ask, search),
  };
}

/** A recording has every start: exact, like what Go and Ruby say. */
function recordedCreators(samples: Parameters<typeof rankCreators>[0]): ReturnType<typeof rankCreators> {
  return rankCreators(samples, (count) => `the JVM recorded ${formatCount(count)} thread starts`);
}
