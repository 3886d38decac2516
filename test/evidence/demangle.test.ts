import { describe, expect, it } from 'vitest';
import { demangle } from '../../src/evidence/demangle.ts';

describe('demangle', () => {
  it.for([
    ['C++', '_ZN3mix4Pool16spawn_connectionEv', 'mix::Pool::spawn_connection()'],
    ['a part that the compiler made of it', '_ZN3mix4Pool16spawn_connectionEv.isra.0', 'mix::Pool::spawn_connection()'],
    ['Rust', '_RNvC6_123foo3bar', '123foo::bar'],
    ['C', 'pthread_create', 'pthread_create'],
    ['no such name', '_ZQQ', '_ZQQ'],
  ] as const)('%s', ([, name, plain]) => {
    expect(demangle(name)).toBe(plain);
  });
});
