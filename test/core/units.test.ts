import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  escapeText,
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  jsonLine,
  parseCount,
  parseDurationMs,
  parseShare,
} from '../../src/core/units.ts';

describe('units', () => {
  it.for([
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['0', 0],
    ['banana', undefined],
    ['10', undefined],
    ['-1s', undefined],
    ['', undefined],
    ['10 s', undefined],
    ['10S', undefined],
    ['1d', undefined],
    ['.5s', undefined],
    ['00', undefined],
  ] as const)('duration %s → %s', ([text, want]) => expect(parseDurationMs(text)).toBe(want));
  it.for([
    ['50%', 0.5],
    ['100%', 1],
    ['150%', undefined],
    ['0%', undefined],
    ['50', undefined],
    ['-5%', undefined],
    ['0.5%', 0.005],
    ['100.1%', undefined],
  ] as const)('share %s → %s', ([text, want]) => expect(parseShare(text)).toBe(want));
  it.for([
    ['4,096', 4096],
    ['4_096', 4096],
    ['0', 0],
    ['1,2', undefined],
    ['12,3456', undefined],
    ['', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['99999999999999999', undefined],
  ] as const)('count %s → %s', ([text, want]) => expect(parseCount(text)).toBe(want));
  it.for([
    [0, '0'],
    [999, '999'],
    [1_000, '1,000'],
    [1_234_567, '1,234,567'],
    [2.5, '3'],
    [-1_234, '-1,234'],
    [-123_456, '-123,456'],
  ] as const)('the count %d is written %s', ([count, want]) => expect(formatCount(count)).toBe(want));
  it.for([
    [0, '0 ms'],
    [85.4, '85 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [1_234, '1.2 s'],
    [9_949, '9.9 s'],
    [9_960, '10 s'],
    [119_000, '119 s'],
    [119_600, '2 min'],
    [300_000, '5 min'],
    [7_169_000, '119 min'],
    [7_170_000, '2 h'],
    [86_400_000, '24 h'],
  ] as const)('%d ms are written %s', ([ms, want]) => expect(formatDuration(ms)).toBe(want));
  it.for([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_536, '1.5 KiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [120 * 1024 ** 2, '120 MiB'],
    [5 * 1024 ** 5, '5120 TiB'],
  ] as const)('%d bytes are written %s', ([bytes, want]) => expect(formatBytes(bytes)).toBe(want));
  it.for([
    [0, '0%'],
    [0.5, '50%'],
    [0.1234, '12.3%'],
    [-0.25, '-25%'],
  ] as const)('the share %d is written %s', ([share, want]) => expect(formatShare(share)).toBe(want));
  it.for([
    ['a newline and a colour', 'a\nb\u001b[31m', 'a\\x0ab\\x1b[31m'],
    ['C1 controls, which some terminals obey', '\u009b2J', '\\x9b2J'],
    ['line separators, which end a line for some readers', 'a\u2028b', 'a\\u2028b'],
    ['marks that turn the direction', 'a\u202egnp.exe\u2066', 'a\\u202egnp.exe\\u2066'],
    ['letters without width', 'a\u200b\ufeff\u00adb', 'a\\u200b\\ufeff\\xadb'],
    ['letters beyond the first plane', 'a\u{e0041}', 'a\\u{e0041}'],
    ['half of a pair', 'a\ud800b', 'a\\ud800b'],
    ['other letters stay', 'ürün ✓ 日本 😀', 'ürün ✓ 日本 😀'],
  ] as const)('a hostile process name is made safe: %s', ([, text, want]) => expect(escapeText(text)).toBe(want));
  it('a document of JSON in one line is the same document, and all of it can be seen', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const line = jsonLine(value);
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(line).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?!\n)\p{Cc}/u);
        expect(line.indexOf('\n')).toBe(line.length - 1);
      }),
    );
    expect(jsonLine('\u202e\u009b\u{e0041}')).toBe('"\\u202e\\u009b\\udb40\\udc41"\n');
  });
  it('a second time changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = escapeText(text);
        expect(escapeText(once)).toBe(once);
        expect(once).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
    );
  });
  it('what is written for people is understood again', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (count) => {
        expect(parseCount(formatCount(count))).toBe(count);
      }),
    );
  });
});
