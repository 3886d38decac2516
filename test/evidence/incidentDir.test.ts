import fs, {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GuardError } from '../../src/errors.ts';
import { openIncidentDir, ownStateDir, unkeptIncident } from '../../src/evidence/incidentDir.ts';
import type { FileCalls } from '../../src/evidence/incidentFiles.ts';
import { removeOldIncidents } from '../../src/evidence/keep.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tgincident-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

/** As a user whose places are in his home. */
function asPlain<T>(step: () => T): T {
  vi.spyOn(process, 'getuid').mockReturnValue(1000);
  return step();
}

const open = (minute: number, calls?: FileCalls) =>
  openIncidentDir(dir, {}, `2026-11-24T10-${String(minute).padStart(2, '0')}-00-000Z`, 42, calls);
const errno = (code: string) => Object.assign(new Error(`${code}: from a test`), { code });
const read = (path: string, name: string) => readFileSync(join(path, name), 'utf8');
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('an incident directory', () => {
  it('is gone when nothing was written, and stays when something was', () => {
    const unused = open(1);
    const used = open(2);
    used.write('incident.json', '{}');
    expect([unused.isUsed(), used.isUsed()]).toEqual([false, true]);
    unused.settle();
    used.settle();
    expect(readdirSync(dir)).toEqual([expect.stringMatching(/^2026-11-24T10-02-00-000Z-42-\w{6}$/)]);
  });
  it('belongs to its owner alone; others may pass through those above, and not look around', () => {
    const incident = openIncidentDir(join(dir, 'a/b'), {}, 'now', 42);
    incident.write('incident.json', '{}');
    incident.write('stderr.txt', 'x');
    expect([incident.path, join(dir, 'a'), join(dir, 'a/b')].map(mode)).toEqual(['700', '711', '711']);
    expect(['incident.json', 'stderr.txt'].map((name) => mode(join(incident.path, name)))).toEqual(['600', '600']);
    expect(mode(incident.scratch('jfr'))).toBe('700');
  });
  it('has its files open from the start: a file that is new then needs no descriptor', () => {
    const incident = open(1);
    expect(readdirSync(incident.path)).toEqual([
      'incident.json.part',
      'limits.json.part',
      'samples.ndjson.part',
      'stacks.folded.part',
    ]);
    const taken: number[] = [];
    try {
      // Nothing can be opened any more.
      for (;;) taken.push(openSync('/dev/null', 'r'));
    } catch {
      incident.write('incident.json', '{}');
      // The descriptor that it has given back.
      taken.push(openSync('/dev/null', 'r'));
      expect(() => incident.write('report.html', '')).toThrow(/EMFILE/);
    } finally {
      for (const fd of taken) closeSync(fd);
    }
    incident.settle();
    expect(readdirSync(incident.path)).toEqual(['incident.json']);
  });
  it('a file that is written again is replaced', () => {
    const incident = open(1);
    incident.write('incident.json', 'a long first text');
    incident.write('incident.json', 'second');
    incident.write('raw.gz', Buffer.from([1, 2, 3]));
    expect(read(incident.path, 'incident.json')).toBe('second');
    expect(readFileSync(join(incident.path, 'raw.gz'))).toEqual(Buffer.from([1, 2, 3]));
  });
  it('a file that cannot be written again keeps what it was', () => {
    const incident = open(1);
    incident.write('incident.json', 'first');
    // In the way of the new one.
    mkdirSync(join(incident.path, 'incident.json.part'));
    expect(() => incident.write('incident.json', 'second')).toThrow(/cannot write .*incident\.json/);
    expect(read(incident.path, 'incident.json')).toBe('first');
  });
  it('scratch is gone at the end, whether or not something was written', () => {
    const incident = open(1);
    writeFileSync(join(incident.scratch('jfr'), 'big'), 'x');
    incident.write('incident.json', '{}');
    incident.settle();
    expect(readdirSync(incident.path)).toEqual(['incident.json']);
  });
});

describe('a full disk', () => {
  /** The first writes fail half way, as often as `times`. */
  const full = (times: number): FileCalls => {
    let left = times;
    return {
      ...fs,
      writeSync: ((fd: number, bytes: Buffer, offset: number, length: number, position: number) => {
        if (left === 0) return fs.writeSync(fd, bytes, offset, length, position);
        if (offset === 0) return fs.writeSync(fd, bytes, 0, Math.ceil(length / 2), position);
        left -= 1;
        throw errno('ENOSPC');
      }) as FileCalls['writeSync'],
      writeFileSync: ((file: string, text: string, options: object) => {
        if (left === 0) return fs.writeFileSync(file, text, options);
        fs.writeFileSync(file, text.slice(0, 2), options);
        left -= 1;
        throw errno('ENOSPC');
      }) as FileCalls['writeFileSync'],
    };
  };
  it('is told with the name of the file, and what to do', () => {
    const incident = open(1, full(1));
    const write = () => incident.write('incident.json', '{"a":1}');
    expect(write).toThrow(GuardError);
    expect(open(2, full(1)).isUsed()).toBe(false);
    try {
      open(3, full(1)).write('incident.json', '{}');
    } catch (error) {
      expect(error).toMatchObject({ code: 'no-evidence', hint: expect.stringContaining('--incident-dir') });
      expect((error as Error).message).toMatch(/cannot write \/.*incident\.json \(ENOSPC\)/);
    }
  });
  it('half a document does not stay, and holds no blocks', () => {
    const incident = open(1, full(2));
    expect(() => incident.write('incident.json', '{"a":1}')).toThrow();
    expect(() => incident.write('stderr.txt', 'words')).toThrow();
    expect(statSync(join(incident.path, 'incident.json.part')).size).toBe(0);
    expect(readdirSync(incident.path)).not.toContain('stderr.txt.part');
    expect(incident.isUsed()).toBe(false);
  });
  it('a file that failed half way is whole when there is room again', () => {
    const incident = open(1, full(1));
    expect(() => incident.write('incident.json', '{"a":"first, and rather long"}')).toThrow();
    incident.write('incident.json', '{"a":2}');
    // Not behind a hole of zero bytes, where the first write had come to.
    expect(read(incident.path, 'incident.json')).toBe('{"a":2}');
  });
  it('what was written before stays', () => {
    const calls = full(0);
    let isFull = false;
    const rename: FileCalls['renameSync'] = (from, to) => {
      if (isFull) throw errno('EDQUOT');
      fs.renameSync(from, to);
    };
    const incident = open(1, { ...calls, renameSync: rename });
    incident.write('incident.json', 'first');
    isFull = true;
    expect(() => incident.write('incident.json', 'second')).toThrow(/EDQUOT/);
    expect(read(incident.path, 'incident.json')).toBe('first');
  });
  it('a disk that is gone altogether: the first error is told', () => {
    const gone = (): never => {
      throw errno('EIO');
    };
    const incident = open(1, { ...fs, writeSync: gone, ftruncateSync: gone, unlinkSync: gone, writeFileSync: gone });
    expect(() => incident.write('incident.json', '{}')).toThrow(/EIO/);
    expect(() => incident.write('stderr.txt', 'x')).toThrow(/cannot write .*stderr\.txt \(EIO\)/);
  });
});

describe('where it is made', () => {
  it('a directory that the operator named must work', () => {
    writeFileSync(join(dir, 'file'), '');
    const named = () => openIncidentDir(join(dir, 'file/below'), {}, 'now', 42);
    expect(named).toThrow(/cannot make an incident directory in .*file\/below \((ENOTDIR|EEXIST)\)/);
  });
  it('below /proc mkdir loops for ever in Node 20 if it is asked for all at once', () => {
    expect(() => openIncidentDir('/proc/nowhere/below', {}, 'now', 42)).toThrow(/ENOENT/);
  });
  describe('without a name', () => {
    const fixed = () => join(dir, `tmp/threadguard-${process.geteuid?.() ?? 0}`);
    beforeEach(() => {
      mkdirSync(join(dir, 'tmp'));
      chmodSync(join(dir, 'tmp'), 0o1777);
      vi.stubEnv('TMPDIR', join(dir, 'tmp'));
      // Nothing can be made below a file.
      writeFileSync(join(dir, 'state'), '');
    });
    const openUsual = () => {
      const said: string[] = [];
      const others: boolean[] = [];
      const env = { XDG_STATE_HOME: join(dir, 'state') };
      const incident = asPlain(() =>
        openIncidentDir(undefined, env, 'now', 42, fs, (one, isOthers) => {
          said.push(one);
          others.push(isOthers);
        }),
      );
      return { incident, said, others, parent: dirname(incident.path) };
    };
    it('the state directory, if it works', () => {
      rmSync(join(dir, 'state'));
      const { incident, parent, said } = openUsual();
      expect([parent, said]).toEqual([join(dir, 'state/threadguard'), []]);
      incident.settle();
    });
    it('else one in the temporary directory, and that is said; the next run finds it', () => {
      const runs = [openUsual(), openUsual()];
      expect(runs.map(({ parent }) => parent)).toEqual([fixed(), fixed()]);
      for (const { incident, others, said } of runs) {
        expect(others).toEqual([false]);
        expect(said).toEqual([
          `no evidence is kept in ${join(dir, 'state/threadguard')} (ENOTDIR): it goes to ${fixed()}`,
        ]);
        incident.settle();
      }
    });
    it.for<[string, () => void, RegExp]>([
      ['that everybody may write', () => chmodSync(fixed(), 0o777), /may be written by everybody/],
      ['that somebody else made', () => chownSync(fixed(), 12_345, 0), /belongs to uid 12345/],
      [
        'that is a link of somebody else',
        () => {
          rmdirSync(fixed());
          symlinkSync(dir, fixed());
          lchownSync(fixed(), 12_345, 0);
        },
        /is a link of uid 12345/,
      ],
      [
        'that is a file',
        () => {
          rmdirSync(fixed());
          writeFileSync(fixed(), '');
        },
        /ENOTDIR/,
      ],
    ])('one %s is not used: a new one is made, and that is said', ([, make, why]) => {
      mkdirSync(fixed(), { mode: 0o700 });
      make();
      const unused = openUsual();
      expect(unused.parent).toMatch(new RegExp(`^${fixed()}-\\w{6}$`));
      expect(mode(unused.parent)).toBe('700');
      expect(unused.said[0]).toMatch(why);
      expect(unused.others).toEqual([why.source !== 'ENOTDIR']);
      unused.incident.settle();
      expect(existsSync(unused.parent)).toBe(false);
      const used = openUsual();
      used.incident.write('incident.json', '{}');
      used.incident.settle();
      expect(read(used.incident.path, 'incident.json')).toBe('{}');
    });
    it('not below a temporary directory that everybody may change', () => {
      chmodSync(join(dir, 'tmp'), 0o777);
      expect(openUsual).toThrow(/cannot make an incident directory in \S+ or \S+ \(.*may be written by everybody/);
      expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
    });
  });
  it.for([
    [{ XDG_STATE_HOME: '/state' }, '/state/threadguard'],
    [{ XDG_STATE_HOME: '' }, /\.local\/state\/threadguard$/],
    [{}, /\.local\/state\/threadguard$/],
  ] as const)('of a plain user with %j', ([env, want]) => {
    expect(asPlain(() => ownStateDir(env))).toMatch(want);
    vi.spyOn(process, 'getuid').mockReturnValue(0);
    expect(ownStateDir(env)).toBe('/var/lib/threadguard');
  });
});

it('a run that leaves no evidence says at every write why', () => {
  const incident = unkeptIncident(new GuardError('no-incident-dir', 'cannot make one', { hint: 'make room' }));
  expect(() => incident.write('incident.json', '{}')).toThrow('cannot make one');
  expect(() => incident.scratch('jfr')).toThrow('cannot make one');
  expect(incident.isUsed()).toBe(false);
  incident.settle();
});

describe('removeOldIncidents', () => {
  const made = (minutes: readonly number[]) =>
    minutes.map((minute) => {
      const incident = open(minute);
      incident.write('incident.json', '{}');
      return incident;
    });
  const left = () => readdirSync(dir).map((name) => name.slice(0, 16));
  it('the oldest go, the newest stay, and so does what is no incident', () => {
    const incidents = made([1, 2, 3, 4, 5]);
    // A guard that runs has not used it yet.
    open(0);
    mkdirSync(join(dir, 'notes'));
    writeFileSync(join(dir, 'README'), '');
    removeOldIncidents(incidents[4]?.path ?? '', 2);
    expect(left()).toEqual(['2026-11-24T10-00', '2026-11-24T10-04', '2026-11-24T10-05', 'README', 'notes']);
  });
  it('the one that was just written stays, also if a clock went backwards', () => {
    const [oldest] = made([1, 2, 3]);
    removeOldIncidents(oldest?.path ?? '', 1);
    expect(left()).toEqual(['2026-11-24T10-01', '2026-11-24T10-03']);
  });
  it('fewer than are kept: nothing goes', () => {
    const [first] = made([1, 2]);
    removeOldIncidents(first?.path ?? '', 20);
    expect(left()).toHaveLength(2);
  });
  it('a directory that cannot be read', () => {
    expect(() => removeOldIncidents('/nowhere/at/all', 1)).not.toThrow();
  });
});
