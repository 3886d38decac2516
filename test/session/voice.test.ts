import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GuardEvent } from '../../src/policy/event.ts';
import type { OutputOptions } from '../../src/session/runOptions.ts';
import { openVoice } from '../../src/session/voice.ts';
import { SAMPLES } from '../fixtures/events.ts';
import { scratch } from '../targets/fakeMachine.ts';

/** A guard that speaks into a file. */
function scene(of: Partial<OutputOptions> = {}, earlier?: string) {
  const path = join(scratch(), 'log');
  if (earlier !== undefined) writeFileSync(path, earlier);
  const options = { logFormat: 'human', logFile: path, quiet: false, progress: true, ...of } as const;
  const voice = openVoice(options, {
    target: 'command:app',
    pid: () => 5_000_001,
    env: {},
    libc: undefined,
  });
  const say = async (...events: GuardEvent[]) => {
    for (const event of events) voice.report(event);
    await voice.flush(5_000);
    return readFileSync(path, 'utf8');
  };
  return { path, say, voice };
}

describe('a guard that speaks to people', () => {
  it('says each event in words', async () => {
    const text = await scene().say(SAMPLES.trip);
    expect(text).toBe('threadguard: trip: 950 tasks reach the budget of 950 on pids.max of /a\n');
  });
  it('leaves out what is for programs', async () => {
    expect(await scene().say(SAMPLES.start, SAMPLES.sample)).toBe('');
  });
  it('has no colour and no status line in a file', async () => {
    const { say, voice } = scene();
    expect(voice.status).toBeUndefined();
    expect(await say(SAMPLES.kill, SAMPLES.release, SAMPLES.error)).not.toContain('\u001b');
  });
  it('loses nothing that is read', async () => {
    const { say, voice } = scene();
    const text = await say(...Array.from({ length: 300 }, () => SAMPLES.warn));
    expect(text.split('\n')).toHaveLength(301);
    expect(voice.dropped()).toBe(0);
  });
});

describe('a guard that speaks to programs', () => {
  const lines = (text: string) =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  it('says every event, with target and pid', async () => {
    const text = await scene({ logFormat: 'json' }).say(SAMPLES.start, SAMPLES.sample, SAMPLES.trip);
    expect(lines(text)).toMatchObject(
      ['start', 'sample', 'trip'].map((event) => ({ event, target: 'command:app', pid: 5_000_001 })),
    );
  });
  it.each([
    ['trip', 'error'],
    ['warn', 'warn'],
    ['dump', 'info'],
    ['start', 'info'],
  ] as const)('%s is of the level %s', async (event, level) => {
    expect(lines(await scene({ logFormat: 'json' }).say(SAMPLES[event]))).toMatchObject([{ level }]);
  });
});

describe('a quiet guard', () => {
  it.each<[GuardEvent, boolean]>([
    [SAMPLES.contained, false],
    [SAMPLES.warn, false],
    [SAMPLES.exit, false],
    [{ ...SAMPLES.exit, stoppedByGuard: true }, true],
    [SAMPLES.trip, true],
    [SAMPLES.kill, true],
    [SAMPLES.error, true],
  ])('$event is said or not', async (event, want) => {
    expect((await scene({ quiet: true }).say(event)) !== '').toBe(want);
  });
  it('is quiet to programs too', async () => {
    expect(await scene({ quiet: true, logFormat: 'json' }).say(SAMPLES.start, SAMPLES.sample)).toBe('');
  });
});

describe('the file of the log', () => {
  it('keeps what was in it, and nothing comes to it before there is something to say', async () => {
    const { path, say } = scene({}, 'earlier\n');
    expect(readFileSync(path, 'utf8')).toBe('earlier\n');
    expect(await say(SAMPLES.clamp)).toMatch(/^earlier\nthreadguard: clamp: /);
  });
  it.each([
    ['is a folder', () => scratch(), 'EISDIR'],
    ['has no folder', () => join(scratch(), 'none/log'), 'ENOENT'],
  ])('that %s is refused at once', (_, path, errno) => {
    const logFile = path();
    expect(() => scene({ logFile })).toThrow(
      expect.objectContaining({
        code: 'no-log-file',
        message: `cannot write the log file ${logFile} (${errno})`,
        hint: 'name a file that can be written with --log-file',
      }),
    );
  });
  it('on a full disk is refused, and the hint is another', () => {
    expect(() => scene({ logFile: '/dev/full' })).toThrow(
      expect.objectContaining({ code: 'no-log-file', hint: 'free some space, or log elsewhere' }),
    );
  });
});
