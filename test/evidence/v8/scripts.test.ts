import { describe, expect, it } from 'vitest';
import { V8Heap } from '../../../src/evidence/v8/heap.ts';
import { lineStarts, pathOf, Scripts } from '../../../src/evidence/v8/scripts.ts';
import { textOf } from '../../../src/evidence/v8/texts.ts';
import { V8Image } from '../builders/v8Heap.ts';
import { V8_LAYOUT } from '../builders/v8Layout.ts';

describe('pathOf', () => {
  it.for([
    ['/app/server.js', '/app/server.js'],
    ['file:///app/my%20server.mjs', '/app/my server.mjs'],
    ['file:///app/server.mjs?time=1', '/app/server.mjs'],
    ['node:internal/timers', 'node:internal/timers'],
    ['[worker eval]', '[worker eval]'],
    ['file:///app/%zz', 'file:///app/%zz'],
    ['file://other.host/x', 'file://other.host/x'],
  ] as const)('%s', ([name, want]) => {
    expect(pathOf(name)).toBe(want);
  });
});

it('lines end as ECMAScript has it', () => {
  expect(lineStarts('a\nb\r\nc\rd\u2028e\u2029f')).toEqual([0, 2, 5, 7, 9, 11, 13]);
});

describe('texts', () => {
  const image = new V8Image();
  const heap = new V8Heap(image.memory.open(), V8_LAYOUT);
  const hello = image.text('hello');
  const world = image.text('wörld →');
  const cons = image.cons(hello, world, 12);
  it.for([
    ['one byte each', hello, 'hello'],
    ['two bytes each', world, 'wörld →'],
    ['two pieces', cons, 'hellowörld →'],
    ['a slice of two pieces', image.sliced(cons, 3, 5), 'lowör'],
    ['a text of another place', image.thin(hello), 'hello'],
    ['outside of the heap', image.external('native'), 'native'],
  ] as const)('%s', ([, pointer, want]) => {
    expect(textOf(heap, pointer, 100)).toBe(want);
  });
  it('reads no more than is wanted', () => {
    expect(textOf(heap, cons, 7)).toBe('hellowö');
  });
  it('a circle has no text', () => {
    const circle = image.cons(hello, hello, 10);
    image.memory.word(circle - 1 + 16, circle).word(circle - 1 + 24, circle);
    expect(textOf(heap, circle, 100)).toBeUndefined();
  });
  it.for([
    ['a piece longer than the whole', image.cons(cons, hello, 3)],
    ['a slice behind the end', image.sliced(hello, 4, 5)],
    ['a length below 0', image.textOfLength(-1)],
    ['a length that is not mapped', image.textOfLength(0x7fff_ffff)],
    ['an object that is no text', image.script({ name: '/x.js', source: '' })],
    ['nothing', 5],
  ] as const)('nothing for %s', ([, pointer]) => {
    expect(textOf(heap, pointer, 0x4000_0000)).toBeUndefined();
  });
});

describe('Scripts', () => {
  it('counts lines, from the line where vm says that the text begins', () => {
    const image = new V8Image();
    const scripts = new Scripts(new V8Heap(image.memory.open(), V8_LAYOUT));
    const script = scripts.scriptAt(image.script({ name: '/x.js', source: 'a\nbc\n\nd', firstLine: 100 }));
    expect(script?.file).toBe('/x.js');
    expect([0, 1, 2, 4, 5, 6, 7].map((at) => script?.lineAt(at))).toEqual([101, 101, 102, 102, 103, 104, 104]);
    expect([-1, 8, Number.NaN].map((at) => script?.lineAt(at))).toEqual([undefined, undefined, undefined]);
  });
  it('tells a script from another one that has taken its place', () => {
    const image = new V8Image();
    const scripts = new Scripts(new V8Heap(image.memory.open(), V8_LAYOUT));
    const at = image.script({ name: '/first.js', source: 'a' });
    expect(scripts.scriptAt(at)?.file).toBe('/first.js');
    image.memory.word(at - 1 + V8_LAYOUT.script.name, image.text('/second.js'));
    expect(scripts.scriptAt(at)?.file).toBe('/second.js');
  });
  it('a source that cannot be read has no lines, and no name is no file', () => {
    const image = new V8Image();
    const scripts = new Scripts(new V8Heap(image.memory.open(), V8_LAYOUT));
    const at = image.script({ name: '', source: 'a' });
    image.memory.word(at - 1 + V8_LAYOUT.script.source, image.textOfLength(1_000_000));
    const script = scripts.scriptAt(at);
    expect([script?.file, script?.lineAt(0), script?.lineAt(0)]).toEqual([undefined, undefined, undefined]);
  });
});
