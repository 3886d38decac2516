import { describe, expect, it } from 'vitest';
import { GuardError } from '../../src/errors.ts';
import type { GuardEvent } from '../../src/policy/event.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/policy/settings.ts';
import { liveSettings } from '../../src/session/liveSettings.ts';
import type { RunOptions } from '../../src/session/runOptions.ts';

function scene(settings: Partial<Settings> = {}) {
  const events: GuardEvent[] = [];
  const swapped: Settings[] = [];
  const file: { settings: Partial<Settings>; needsRestart: string[]; error?: Error } = {
    settings: {},
    needsRestart: [],
  };
  const options = { settings: { ...DEFAULT_SETTINGS, ...settings }, service: { config: 'guard.yaml' } } as RunOptions;
  const open = () =>
    liveSettings(options, {
      read: async () => {
        if (file.error !== undefined) throw file.error;
        return { settings: { ...options.settings, ...file.settings }, needsRestart: file.needsRestart };
      },
      report: (event) => void events.push(event),
      onSwap: (next) => void swapped.push(next),
    });
  return { events, file, open, swapped };
}

describe('settings that are read anew', () => {
  it('are swapped whole, and everybody is told', async () => {
    const { events, file, open, swapped } = scene();
    const live = open();
    file.settings = { maxTasks: 50, graceMs: 1 };
    await live.reload();
    expect(live.now).toMatchObject({ maxTasks: 50, graceMs: 1 });
    expect(swapped).toEqual([live.now]);
    expect(events).toEqual([{ event: 'reload', config: 'guard.yaml', rules: 0, needsRestart: [] }]);
  });
  it('name what only a new start takes, and keep its value', async () => {
    const { events, file, open } = scene();
    const live = open();
    file.settings = { contain: 'none', maxTasks: 50 };
    file.needsRestart = ['logFile'];
    await live.reload();
    expect(live.now).toMatchObject({ contain: 'auto', maxTasks: 50 });
    expect(events).toMatchObject([{ needsRestart: ['contain', 'logFile'] }]);
  });
  it('that contradict themselves change nothing, and that is said', async () => {
    const { events, file, open, swapped } = scene();
    const live = open();
    file.settings = { leash: 100, maxTasks: 50 };
    await live.reload();
    expect(live.now.maxTasks).toBe(DEFAULT_SETTINGS.maxTasks);
    expect(swapped).toEqual([]);
    expect(events).toMatchObject([{ event: 'error', about: 'reload', problem: expect.stringMatching(/--leash 100/) }]);
  });
  it.each([
    ['a mistake in the file', new GuardError('bad-config', 'line 3 is wrong', { hint: 'x' }), 'line 3 is wrong'],
    ['a file that is gone', Object.assign(new Error('gone'), { code: 'ENOENT' }), 'ENOENT'],
  ])('%s changes nothing', async (_, error, why) => {
    const { events, file, open, swapped } = scene();
    const live = open();
    file.error = error;
    await live.reload();
    expect(swapped).toEqual([]);
    expect(events).toMatchObject([{ problem: `the old policy stays in force: ${why}` }]);
  });
  it('a second file is held against the first one that was taken', async () => {
    const { file, open } = scene();
    const live = open();
    file.settings = { maxTasks: 50 };
    await live.reload();
    file.settings = { maxTasks: 60 };
    await live.reload();
    expect(live.now.maxTasks).toBe(60);
  });
});

it('a start with settings that contradict themselves is refused', () => {
  expect(() => scene({ requireContainment: true, contain: 'none' }).open()).toThrow(/contradict themselves/);
});
