import type { PythonLayout } from './layout.ts';

/** The layout of a version before 3.13; `undefined` for one that is not known. */
export function layoutOf(version: string): PythonLayout | undefined {
  return LAYOUTS.find((layout) => layout.version === version);
}

/** To 3.10 the frames hold the number of their instruction. */
const NUMBERED = {
  runtime: { interpretersHead: 32 },
  interpreter: { next: 0, threadsHead: 8 },
  thread: { next: 8, threadId: 176, nativeThreadId: undefined, frame: [24] },
  text: { ascii: 48, compact: 72 },
  holder: undefined,
} as const;

/** To 3.10 every instance has a dictionary of its own. */
const DICTIONARY = { basicSize: 32, keys: 'sized', values: 'dictionary', valuesSkip: 0 } as const;

/** Taken from the headers of 3.8.18, 3.9.18, 3.10.13, 3.11.7 and 3.12.1 with offsetof. They do not change within a minor version. */
const LAYOUTS: readonly PythonLayout[] = [
  ...['3.8', '3.9'].map(
    (version): PythonLayout => ({
      ...NUMBERED,
      version,
      instance: { ...DICTIONARY, locals: 360, cachedKeys: version === '3.8' ? 872 : 864 },
      frame: { previous: 24, code: 32, instruction: 104, owner: undefined },
      code: { filename: 104, name: 112, firstLine: 40, lines: 120, instructions: undefined },
      lineTable: 'lnotab',
      unit: 1,
    }),
  ),
  {
    ...NUMBERED,
    version: '3.10',
    instance: { ...DICTIONARY, locals: 352, cachedKeys: 872 },
    frame: { previous: 24, code: 32, instruction: 96, owner: undefined },
    code: { filename: 104, name: 112, firstLine: 40, lines: 120, instructions: undefined },
    lineTable: 'pairs',
    unit: 2,
  },
  {
    version: '3.11',
    instance: { locals: 72, cachedKeys: 872, basicSize: 32, keys: 'logarithm', values: 'pointer', valuesSkip: 0 },
    runtime: { interpretersHead: 40 },
    interpreter: { next: 0, threadsHead: 16 },
    thread: { next: 8, threadId: 152, nativeThreadId: 160, frame: [56, 8] },
    frame: { previous: 48, code: 32, instruction: 56, owner: undefined },
    code: { filename: 112, name: 128, firstLine: 72, lines: 136, instructions: 184 },
    holder: { from: 'runtime', at: 368 },
    lineTable: 'locations',
    unit: 1,
    text: { ascii: 48, compact: 72 },
  },
  {
    version: '3.12',
    instance: { locals: 72, cachedKeys: 880, basicSize: 32, keys: 'logarithm', values: 'tagged', valuesSkip: 0 },
    runtime: { interpretersHead: 40 },
    interpreter: { next: 0, threadsHead: 72 },
    thread: { next: 8, threadId: 136, nativeThreadId: 144, frame: [56, 0] },
    frame: { previous: 8, code: 0, instruction: 56, owner: { at: 70, notPython: 3 } },
    code: { filename: 112, name: 128, firstLine: 68, lines: 136, instructions: 192 },
    holder: { from: 'gil', gil: undefined, at: 8 },
    lineTable: 'locations',
    unit: 1,
    text: { ascii: 40, compact: 56 },
  },
];
