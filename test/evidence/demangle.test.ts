import { expect, it } from 'vitest';
import { demangle } from '../../src/evidence/demangle.ts';

it.for([
  ['C++', '_ZN3mix4Pool16spawn_connectionEv', 'mix::Pool::spawn_connection()'],
  ['C++ with arguments', '_ZN6Server5serveEi', 'Server::serve(int)'],
  ['a template', '_ZN4PoolIiE4pushEi', 'Pool<int>::push(int)'],
  ['a part that the compiler made of it', '_ZN3mix4Pool16spawn_connectionEv.isra.0', 'mix::Pool::spawn_connection()'],
  ['Rust', '_RNvC6_123foo3bar', '123foo::bar'],
  ['Rust with the hash of its crate', '_RNvCs15kBYyAo9fc_7mycrate7example', 'mycrate::example'],
  ['Rust before v0', '_ZN4core3ptr13drop_in_place17h0123456789abcdefE', 'core::ptr::drop_in_place'],
  ['C', 'pthread_create', 'pthread_create'],
  ['a C name that begins alike', '_ZQQ', '_ZQQ'],
  ['nothing behind the mark', '_Z', '_Z'],
  ['an empty name', '', ''],
  ['a name that is cut', '_ZN3mix4Po', '_ZN3mix4Po'],
  ['no text at all', '_Z\u0000\u0001', '_Z\u0000\u0001'],
] as const)('%s', ([, name, want]) => {
  expect(demangle(name)).toBe(want);
});

it('the second time as the first', () => {
  const name = '_ZN6Server5closeEv';
  expect([demangle(name), demangle(name)]).toEqual(['Server::close()', 'Server::close()']);
});

it('a name of a hundred thousand letters is given back, one way or another', () => {
  const name = `_Z${'N1a'.repeat(33_000)}`;
  expect(demangle(name).length).toBeGreaterThan(0);
});
