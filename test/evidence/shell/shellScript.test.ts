import { describe, expect, it } from 'vitest';
import { isPrinted } from '../../../src/evidence/shell/printedCommand.ts';
import { scriptOf, textName } from '../../../src/evidence/shell/shellScript.ts';

describe('what a shell runs', () => {
  it.for([
    ['dash app.sh 1 2', { kind: 'file', path: 'app.sh' }],
    ['/bin/bash -eu -o pipefail /srv/app.sh', { kind: 'file', path: '/srv/app.sh' }],
    ['bash --rcfile x app.sh', { kind: 'file', path: 'app.sh' }],
    ['bash -- app.sh', { kind: 'file', path: 'app.sh' }],
    ['busybox sh app.sh', { kind: 'file', path: 'app.sh' }],
    ['/bin/sh -ec sleep', { kind: 'text', shell: 'sh', text: 'sleep' }],
    ['busybox sh -c sleep', { kind: 'text', shell: 'sh', text: 'sleep' }],
    ['bash -s x', { kind: 'input' }],
    ['-bash', { kind: 'input' }],
    ['', { kind: 'input' }],
  ] as const)('%s', ([line, want]) => {
    expect(scriptOf(line.split(' '))).toEqual(want);
  });
  it('a text is named on one line, short, and without secrets', () => {
    expect(textName({ shell: 'sh', text: 'a &\n  PASSWORD=x b' })).toBe("sh -c 'a & PASSWORD=[redacted] b'");
    expect(textName({ shell: 'sh', text: 'x'.repeat(100) })).toBe(`sh -c '${'x'.repeat(59)}…'`);
  });
});

describe('a command as bash prints it', () => {
  it.for([
    ['sleep 60 > /dev/null 2>&1', ['sleep', '60', '/dev/null'], true],
    ['{ sleep 3; : ; }', ['sleep', '3', ':'], true],
    ['while :; do\n    sleep 3;\ndone', [':', 'sleep', '3'], true],
    ['sleep 60 extra', ['sleep', '60'], false],
    ['sleep 60', ['sleep', '6'], false],
    ['sleep', ['sleep', '60'], false],
    ['for i in 1 2;\ndo\n    sleep 3;\ndone < list', ['i', '1', '2', 'sleep', '3', 'list'], true],
    ['asleep 60', ['sleep', '60'], false],
    ['nice sleep 60', ['sleep', '60'], false],
    ['sleep 60', [], false],
  ] as const)('%s', ([text, words, want]) => {
    expect(isPrinted(text, words)).toBe(want);
  });
});
