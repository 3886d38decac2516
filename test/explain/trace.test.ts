import { describe, expect, it } from 'vitest';
import { parseFailure } from '../../src/explain/trace/strace.ts';
import { parseEvent } from '../../src/explain/trace/tracefs.ts';

describe('strace', () => {
  it.for([
    [
      '4711 clone3({flags=CLONE_VM}, 88) = -1 EAGAIN (Resource temporarily unavailable)',
      { name: 'clone3', errno: 'EAGAIN' },
    ],
    [
      '4711  mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0) = -1 ENOMEM (Cannot allocate memory)',
      { name: 'mmap', errno: 'ENOMEM' },
    ],
    [
      '12 <... clone3 resumed>, 88) = -1 EAGAIN (Resource temporarily unavailable)',
      { name: 'clone3', errno: 'EAGAIN' },
    ],
    ['4711 clone3({flags=CLONE_VM}, 88) = -1 ENOSYS (Function not implemented)', undefined],
    ['4711 mmap(0x1, 4096, PROT_READ, MAP_FIXED, -1, 0) = -1 EINVAL (Invalid argument)', undefined],
    ['4711 +++ exited with 0 +++', undefined],
  ] as const)('%s', ([line, failure]) => {
    expect(parseFailure(line)).toEqual(failure);
  });
});

describe('tracefs', () => {
  it.for([
    ['  python3-4711    [001] ..... 12.345678: sys_clone3 -> 0xfffffffffffffff5', { name: 'clone3', errno: 'EAGAIN' }],
    ['  a: sys_x -> 0-4711    [001] ..... 12.3: sys_mmap -> 0xfffffffffffffff4', { name: 'mmap', errno: 'ENOMEM' }],
    ['  python3-4711    [001] ..... 12.345678: sys_mmap -> 0x7f3c5b2c1000', undefined],
    ['CPU:1 [LOST 12 EVENTS]', undefined],
    ['', undefined],
  ] as const)('%s', ([line, failure]) => {
    expect(parseEvent(line)).toEqual(failure);
  });
});
