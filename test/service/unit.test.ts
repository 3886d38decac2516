import { describe, expect, it } from 'vitest';
import { dropInText, readSettings, unitText } from '../../src/service/unitFile.ts';

const facts = { name: 'web', guard: '/opt/bin/threadguard', flags: ['--max-tasks', '800'], path: undefined };
const made = { ...facts, command: ['/usr/bin/web', '--port', '80'], user: undefined };
const linesOf = (text: string, name: string) => text.split('\n').filter((line) => line.startsWith(`${name}=`));

describe('a unit', () => {
  it('starts the guard around the command', () => {
    expect(linesOf(unitText(made), 'ExecStart')).toEqual([
      'ExecStart=/opt/bin/threadguard run --incident-dir /var/lib/threadguard/web --max-tasks 800 -- /usr/bin/web --port 80',
    ]);
  });
  it.each([
    ['a b', '"a b"'],
    ['', '""'],
    ['50%', '50%%'],
    ['$HOME', '$$HOME'],
    ['say "hi"\\n', '"say \\"hi\\"\\\\n"'],
    ["it's", '"it\'s"'],
    ['two\nlines', '"two\\nlines"'],
    [';', '";"'],
  ])('a word %j stays what it is', (word, want) => {
    const line = linesOf(unitText({ ...made, command: ['/bin/echo', word] }), 'ExecStart')[0];
    expect(line?.endsWith(` -- /bin/echo ${want}`), line).toBe(true);
  });
  it.each([
    [['--config', '/etc/web.yaml'], ['ExecReload=/bin/kill -HUP $MAINPID']],
    [['--config=/etc/web.yaml'], ['ExecReload=/bin/kill -HUP $MAINPID']],
    [['--grace', '3s'], []],
  ])('%j: a reload is for one that has a file to read', (flags, want) => {
    expect(linesOf(unitText({ ...made, flags }), 'ExecReload')).toEqual(want);
  });
  it.each([
    [[], '30'],
    [['--grace', '2m'], '150'],
    [['--grace=90s', '--dump-timeout', '500ms'], '121'],
    [['--grace', '1m', '--grace', '5s'], '35'],
    [['--grace', 'soon'], '30'],
  ])('%j: systemd waits for longer than the guard does', (flags, want) => {
    expect(linesOf(unitText({ ...made, flags }), 'TimeoutStopSec')).toEqual([`TimeoutStopSec=${want}`]);
  });
  it('each setting of the guard has its reason above it', () => {
    const lines = unitText(made).split('\n');
    for (const name of ['Delegate', 'KillMode', 'WatchdogSec', 'LimitRTPRIO', 'RestartPreventExitStatus']) {
      const at = lines.findIndex((line) => line.startsWith(`${name}=`));
      expect(lines[at - 1], name).toMatch(/^# .{20,}/);
    }
  });
  it('user and path stand in it where they are needed', () => {
    const text = unitText({ ...made, user: 'web', path: '/opt/node/bin:/usr/bin' });
    expect([...linesOf(text, 'User'), ...linesOf(text, 'Environment')]).toEqual([
      'User=web',
      'Environment=PATH=/opt/node/bin:/usr/bin',
    ]);
    expect(unitText(made)).not.toMatch(/^(User|Environment)=/m);
  });
});

describe('beside the service', () => {
  const flags = ['--sidecar', '--config', '/etc/web.yaml'];
  it('the command is the main process: nobody notifies or beats for it', () => {
    const text = unitText({ ...made, flags });
    expect(linesOf(text, 'Type')).toEqual(['Type=exec']);
    expect(linesOf(text, 'ExecReload')).toEqual(['ExecReload=/bin/kill -HUP $MAINPID']);
    expect(text).not.toMatch(/^(WatchdogSec|RestartPreventExitStatus)=/m);
  });
  it('a drop-in leaves the type as it is', () => {
    const found = dropInText(
      { ...facts, flags },
      readSettings(['[Service]\nType=notify\nExecStart=/bin/a\n'], 'Service'),
    );
    const text = 'text' in found ? found.text : found.why;
    expect(linesOf(text, 'Type')).toEqual([]);
    expect(text).toContain('--sidecar --config /etc/web.yaml -- /bin/a');
    expect(text).not.toMatch(/--notify|WatchdogSec/);
  });
});

const wrap = (...texts: string[]) => dropInText(facts, readSettings(texts, 'Service'));
const text = (...texts: string[]) => {
  const found = wrap(...texts);
  return 'text' in found ? found.text : found.why;
};

describe('a drop-in', () => {
  const GUARD = '/opt/bin/threadguard run --incident-dir /var/lib/threadguard/web';
  it.each([
    ['simple: the guard says when it is ready', '', 'Type=notify', GUARD],
    ['notify: the service goes on saying it', 'Type=notify\n', undefined, `${GUARD} --notify child`],
    ['dbus: its name says it', 'BusName=org.x\n', undefined, `${GUARD} --notify off`],
    ['oneshot: its end says it', 'Type=oneshot\n', undefined, `${GUARD} --notify off`],
  ])('%s', (_, more, type, guard) => {
    const made = text(`[Service]\n${more}ExecStart=-/usr/bin/web \\\n  --log "a b"\n`);
    expect(linesOf(made, 'ExecStart')).toEqual([
      'ExecStart=',
      `ExecStart=-${guard} --max-tasks 800 -- /usr/bin/web    --log "a b"`,
    ]);
    expect(linesOf(made, 'Type')[0]).toBe(type);
    expect(linesOf(made, 'WatchdogSec')).toHaveLength(guard.endsWith('off') ? 0 : 1);
  });
  it('a period of the service’s own stays', () => {
    expect(text('[Service]\nType=notify\nWatchdogSec=3\nExecStart=/bin/a\n')).not.toContain('WatchdogSec');
  });
  it('every command of a oneshot is wrapped, in order', () => {
    const made = text('[Service]\nType=oneshot\nExecStart=/bin/a\nExecStart=/bin/b\n');
    expect(linesOf(made, 'ExecStart').map((line) => line.split(' ').at(-1))).toEqual([
      'ExecStart=',
      '/bin/a',
      '/bin/b',
    ]);
  });
  it('a later drop-in counts, an empty value resets, other sections do not count', () => {
    const base = '[Unit]\nExecStart=/no\n[Service]\nType=forking\nExecStart=/bin/a\n[Install]\nWantedBy=x\n';
    const made = text(base, '# c\n[Service]\nType=simple\nExecStart=\n; c\nExecStart = /bin/b\n');
    expect(linesOf(made, 'ExecStart').at(-1)).toMatch(/ -- \/bin\/b$/);
  });
  it.each([
    ['forking', '[Service]\nType=forking\nExecStart=/bin/a\n', /Type=forking: its main process/],
    ['a process that is named otherwise', '[Service]\nExecStart=@/bin/a b\n', /sets the name of its process/],
    ['nothing that it starts', '[Service]\nType=simple\n', /has no ExecStart=/],
  ])('%s cannot be wrapped, and why', (_, unit, want) => {
    expect(text(unit)).toMatch(want);
  });
});
