import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type CallList, systemCall, systemCalls } from '../../src/core/systemCalls.ts';

/** The lists as the kernel gives them to programs (Debian: linux-libc-dev). */
const HEADERS: Readonly<Record<CallList, string>> = {
  x64: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h',
  i386: '/usr/include/x86_64-linux-gnu/asm/unistd_32.h',
  arm64: '/usr/include/asm-generic/unistd.h',
};

it.for(Object.entries(HEADERS) as [CallList, string][])(
  'the numbers of %s are those of %s',
  ([list, path], { skip }) => {
    if (!existsSync(path)) skip();
    const numbers = new Map(
      [...readFileSync(path, 'latin1').matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/gm)].map(([, name, number]) => [
        name,
        Number(number),
      ]),
    );
    const ours = [...systemCalls(list)].map(([number, { name }]) => [name, number]);
    expect(ours).toEqual(ours.map(([name]) => [name, numbers.get(name as string)]));
  },
);

it('each number is one call', () => {
  expect([systemCall('x64', 202)?.name, systemCall('i386', 240)?.name, systemCall('arm64', 98)?.name]).toEqual([
    'futex',
    'futex',
    'futex',
  ]);
  expect(systemCall('x64', 39)).toBeUndefined();
});
