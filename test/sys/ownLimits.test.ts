import { expect, it } from 'vitest';
import { type Libc, RLIM_INFINITY } from '../../src/sys/libc.ts';
import { OwnLimits } from '../../src/sys/ownLimits.ts';

const OPEN_FILES = 7;

/** A kernel with the limits of this process; who may not raise a hard limit is refused that. */
function scene(mayRaise: boolean) {
  const limits = new Map([0, 1, 2, 7, 9].map((resource) => [resource, { soft: 1_024n, hard: RLIM_INFINITY }]));
  const libc = {
    getLimit: (_: number, resource: number) => limits.get(resource),
    setLimit: (_: number, resource: number, soft: bigint, hard: bigint) => {
      if (soft > hard || (!mayRaise && hard > (limits.get(resource)?.hard ?? 0n))) return false;
      limits.set(resource, { soft, hard });
      return true;
    },
  } satisfies Partial<Libc> as unknown as Libc;
  return { limits, own: new OwnLimits(libc) };
}

it('what nobody touched is left alone', () => {
  expect(scene(true).own.keep()).toEqual([]);
});
it('what was lowered is put back, and that is said once', () => {
  const { limits, own } = scene(true);
  for (const _ of [1, 2]) {
    limits.set(OPEN_FILES, { soft: 3n, hard: 3n });
    const said = own.keep();
    expect(limits.get(OPEN_FILES)).toEqual({ soft: 1_024n, hard: RLIM_INFINITY });
    if (_ === 1) expect(said).toEqual(['somebody lowered the limit on open files of the guard to 3: it is 1024 again']);
    else expect(said).toEqual([]);
  }
});
it('a soft limit alone may be raised by anybody', () => {
  const { limits, own } = scene(false);
  limits.set(OPEN_FILES, { soft: 3n, hard: RLIM_INFINITY });
  expect(own.keep()[0]).toMatch(/it is 1024 again$/);
});
it('a hard limit that may not be raised: as far as it goes, and it is said', () => {
  const { limits, own } = scene(false);
  limits.set(OPEN_FILES, { soft: 3n, hard: 500n });
  expect(own.keep()).toEqual([
    'somebody lowered the limit on open files of the guard to 3: the guard may not raise it again',
  ]);
  expect(limits.get(OPEN_FILES)).toEqual({ soft: 500n, hard: 500n });
});
it('one that was raised is no trouble, and without libc nothing is kept', () => {
  const { limits, own } = scene(true);
  limits.set(OPEN_FILES, { soft: 4_096n, hard: RLIM_INFINITY });
  expect([own.keep(), new OwnLimits(undefined).keep()]).toEqual([[], []]);
});
