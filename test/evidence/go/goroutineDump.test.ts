import { describe, expect, it } from 'vitest';
import { goCreators, parseGoroutines } from '../../../src/evidence/go/goroutineDump.ts';

const one = (id: number, head = 'syscall', created = 'created by main.spawnConnection') => `goroutine ${id} [${head}]:
syscall.Syscall(0x0, 0xc00001a0a8, 0x1)
\t/usr/lib/go/src/syscall/asm_linux_amd64.s:20 +0x5
main.(*Server).parkRead(0xc000010000)
\t/app/server.go:16 +0x45
${created}
\t/app/server.go:35 +0x2a
`;

describe('parseGoroutines', () => {
  it('state, frames and who made it', () => {
    expect(parseGoroutines(one(7))).toEqual([
      {
        state: 'syscall',
        holdsThread: true,
        frames: [
          { function: 'syscall.Syscall', file: '/usr/lib/go/src/syscall/asm_linux_amd64.s', line: 20 },
          { function: 'main.(*Server).parkRead', file: '/app/server.go', line: 16 },
        ],
        createdBy: { function: 'main.spawnConnection', file: '/app/server.go', line: 35 },
      },
    ]);
  });
  it.for([
    ['go 1.21 and newer: in goroutine 1', one(7, 'syscall', 'created by main.spawn in goroutine 1'), 'main.spawn'],
    ['a closure', one(7, 'syscall', 'created by main.main.func1'), 'main.main.func1'],
    [
      'with the addresses of a crash',
      one(7).replace('[syscall]', '[syscall]').replaceAll('+0x2a', '+0x2a fp=0xc00 sp=0xc00 pc=0x47'),
      'main.spawnConnection',
    ],
    [
      'go 1.23: gp and m in the head',
      one(7).replace('goroutine 7 ', 'goroutine 7 gp=0xc000 m=3 mp=0xc00 '),
      'main.spawnConnection',
    ],
  ] as const)('%s', ([, text, want]) => {
    expect(parseGoroutines(text)[0]?.createdBy?.function).toBe(want);
  });
  it.for([
    ['syscall', true],
    ['syscall, 2 minutes', true],
    ['chan receive, locked to thread', true],
    ['IO wait', false],
    ['running', false],
  ] as const)('%s holds a thread: %s', ([head, want]) => {
    expect(parseGoroutines(one(1, head))[0]?.holdsThread).toBe(want);
  });
  it('between the program’s own output, and cut short', () => {
    const text = `listening\nruntime: failed to create new OS thread\nfatal error: newosproc\n\n${one(1)}\n${one(2)}`;
    expect(parseGoroutines(text)).toHaveLength(2);
    expect(parseGoroutines(text.slice(0, -60))).toHaveLength(2);
    expect(parseGoroutines(text.slice(0, -60))[1]?.createdBy).toBeUndefined();
  });
  it('frames that Go itself left out', () => {
    expect(
      parseGoroutines(one(1).replace('main.(*Server)', '...additional frames elided...\nmain.(*Server)'))[0]?.frames,
    ).toHaveLength(2);
  });
  it.for(['', 'goroutine', 'goroutine 1 [', '\t/a.go:1 +0x1'])('no dump: %j', (text) => {
    expect(parseGoroutines(text)).toEqual([]);
  });
});

it('creators are of the goroutines that hold threads', () => {
  const text = [one(1), one(2), one(3, 'syscall', 'created by main.spawnTicker'), one(4, 'IO wait')].join('\n');
  expect(
    goCreators(parseGoroutines(text)).map(({ count, frames, share }) => [frames[0]?.function, count, share]),
  ).toEqual([
    ['main.spawnConnection', 2, 2 / 3],
    ['main.spawnTicker', 1, 1 / 3],
  ]);
});
