import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Ceiling, Limit } from '../../src/core/model.ts';
import {
  activationFds,
  checkDescriptors,
  findTool,
  refuseWhenFull,
  restoreOpenFiles,
} from '../../src/launch/preflight.ts';
import { type Libc, RLIMIT_NOFILE } from '../../src/sys/libc.ts';
import { pids } from '../fixtures/events.ts';
import { scratch } from '../targets/fakeMachine.ts';

const withRoom = (additionalThreads: Limit, over: Partial<Ceiling> = {}): Ceiling => ({
  ...pids,
  additionalThreads,
  ...over,
});

describe('a machine that is full', () => {
  it('is refused, with the limit and what raises it', () => {
    expect(() => refuseWhenFull([withRoom(900), withRoom(4, { path: '/full' })])).toThrow(
      expect.objectContaining({
        code: 'machine-full',
        message: 'only 4 more tasks fit under pids.max of /full',
        hint: expect.stringContaining('TasksMax='),
      }),
    );
  });
  it.each<[string, readonly Ceiling[]]>([
    ['just enough', [withRoom(5)]],
    ['no limit', [withRoom('unlimited')]],
    ['nothing that is known', [withRoom('unknown')]],
    ['no ceilings', []],
    ['little memory, which is no task', [withRoom(0, { unit: 'bytes' })]],
    ['what only slows down', [withRoom(0, { effect: 'throttles' })]],
  ])('it is not with %s', (_, ceilings) => {
    expect(() => refuseWhenFull(ceilings)).not.toThrow();
  });
});

describe('descriptors of socket activation', () => {
  const own = String(process.pid);
  it.each<[string, NodeJS.ProcessEnv, number[]]>([
    ['begin after the first three', { LISTEN_PID: own, LISTEN_FDS: '2' }, [3, 4]],
    ['are not those of another process', { LISTEN_PID: String(process.pid + 1), LISTEN_FDS: '2' }, []],
    ['are none without a pid', { LISTEN_FDS: '2' }, []],
    ['are none without a number', { LISTEN_PID: own }, []],
    ['are none where there are none', { LISTEN_PID: own, LISTEN_FDS: '0' }, []],
    ['are none for less than none', { LISTEN_PID: own, LISTEN_FDS: '-1' }, []],
    ['are none for half a one', { LISTEN_PID: own, LISTEN_FDS: '1.5' }, []],
    ['are none for a word', { LISTEN_PID: own, LISTEN_FDS: 'many' }, []],
    ['are none for a number that cannot be', { LISTEN_PID: own, LISTEN_FDS: '1001' }, []],
  ])('%s', (_, env, want) => {
    expect(activationFds(env)).toEqual(want);
  });
});

describe('a descriptor that is to be passed', () => {
  it('may be any that is open', () => {
    expect(() => checkDescriptors([0, 1, 2])).not.toThrow();
  });
  it('is refused where it is not open, by its number', () => {
    expect(() => checkDescriptors([0, 99_999])).toThrow('--pass-fd 99999: not an open descriptor (EBADF)');
  });
});

describe('a tool that is needed', () => {
  function scene(mode: number) {
    const dir = scratch();
    writeFileSync(join(dir, 'setpriv'), '#!/bin/sh\n');
    chmodSync(join(dir, 'setpriv'), mode);
    return dir;
  }
  it('is looked for where the command would look', () => {
    expect(() => findTool('setpriv', { PATH: `/no/where:${scene(0o755)}` })).not.toThrow();
  });
  it.each([
    ['is not there', () => scratch()],
    ['cannot be run', () => scene(0o644)],
  ])('is refused when it %s', (_, dir) => {
    expect(() => findTool('setpriv', { PATH: dir() })).toThrow(
      expect.objectContaining({ code: 'no-tool', message: expect.stringMatching(/needs setpriv/) }),
    );
  });
});

describe('the limit of open files', () => {
  function scene(openFiles: bigint | undefined, hard: bigint | undefined = 4_096n) {
    const set: unknown[][] = [];
    const libc = {
      getLimit: () => (hard === undefined ? undefined : { soft: hard, hard }),
      setLimit: (...words: unknown[]) => set.push(words) > 0,
    } satisfies Partial<Libc> as unknown as Libc;
    return { libc, notes: { env: {}, ignoredSignals: 0n, openFiles, descriptors: [] }, set };
  }
  it('is what it was before Node, and may be raised as before', () => {
    const { libc, notes, set } = scene(1_024n);
    restoreOpenFiles(libc, notes);
    expect(set).toEqual([[0, RLIMIT_NOFILE, 1_024n, 4_096n]]);
  });
  it('stays where it was not noted', () => {
    const { libc, notes, set } = scene(undefined);
    restoreOpenFiles(libc, notes);
    expect(set).toEqual([]);
  });
  it('stays where nobody can set it', () => {
    expect(() => restoreOpenFiles(undefined, scene(1_024n).notes)).not.toThrow();
  });
});
