import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { commandLine, withVariables } from '../fixtures/commandLine.ts';
import { makeOwnDir } from '../fixtures/ownDir.ts';

let dir: string;
beforeAll(() => {
  dir = makeOwnDir();
  writeFileSync(join(dir, 'good.yaml'), 'grace: 1s\npolicies: []\n');
  writeFileSync(join(dir, 'bad.yaml'), 'grase: 1s\n');
  writeFileSync(join(dir, 'quiet.log'), 'all is well\n');
  writeFileSync(join(dir, 'loud.log'), 'sh: fork: Resource temporarily unavailable\n');
  writeFileSync(join(dir, 'cut.ndjson'), '{"timeMs":0,"tasks":3}\n{"timeMs":10,"ta');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What somebody types → how it ends, and what is said to them. `DIR` is a directory with a few files. */
describe('a command line that cannot be carried out', () => {
  it.for<[words: string, exitCode: number, message: string | RegExp, hint: string | RegExp]>([
    ['rum', 125, "unknown command 'rum'", 'Did you mean run?'],
    ['frobnicate', 125, "unknown command 'frobnicate'", 'threadguard --help lists every command'],
    ['--frobnicate', 125, "unknown option '--frobnicate'", 'threadguard --help lists every command'],
    ['help nope', 125, "unknown command 'nope'", 'threadguard --help lists every command'],
    ['help limit', 125, "unknown command 'limit'", 'Did you mean limits?'],
    ['help config chek', 125, "unknown command 'chek'", 'Did you mean check?'],
    ['config help nope', 125, "unknown command 'nope'", 'threadguard config --help lists every command'],
    ['run', 125, 'no COMMAND was given', 'threadguard run [options] -- COMMAND [ARG...]'],
    ['run --grace 3s', 125, 'no COMMAND was given', 'threadguard run [options] -- COMMAND [ARG...]'],
    ['run --grac 3s -- true', 125, "unknown option '--grac'", 'Did you mean --grace?'],
    [
      'limits --pid x',
      125,
      /'x' is invalid. It must be a process id\.$/,
      'threadguard limits --help lists every option',
    ],
    ['limits --pidd 3', 125, "unknown option '--pidd'", 'Did you mean --pid?'],
    ['limits --watch 10ms', 125, /It must be a duration from 100ms, like 2s\.$/, /^threadguard limits --help/],
    ['limits --pid 1 --unit a', 125, 'more than one of --pid, --cgroup and --unit was given', 'name one subject'],
    ['limits --pid 4194305', 1, 'there is no process 4194305', /ps -p PID/],
    ['limits --cgroup /nowhere/at/all', 1, 'there is no cgroup /nowhere/at/all', /\/system\.slice/],
    ['limits --unit no-such-unit', 1, /no running unit no-such-unit\.service/, /--cgroup/],
    ['explain', 125, 'nothing to explain was named', /explain -- COMMAND/],
    ['explain --pid 1 -- true', 125, 'more than one subject was named', /explain -- COMMAND/],
    ['explain --trace --log DIR/loud.log', 125, /a log has none$/, 'leave one of them out'],
    ['explain --log DIR/nowhere', 125, /cannot read .*nowhere \(ENOENT\)/, 'name a file that can be read'],
    ['explain --pid 4194305', 1, 'there is no process 4194305', /ps -p PID/],
    ['dump', 125, 'no process was named', 'threadguard dump --pid PID'],
    ['dump --pid 4194305', 1, 'there is no process 4194305', /ps -p PID/],
    ['dump --json --folded --pid 1', 125, /cannot be used with/, 'threadguard dump --help lists every option'],
    ['dump --by line --pid 1', 125, /Allowed choices are exact, function, site\.$/, /^threadguard dump --help/],
    ['report', 125, 'no INCIDENT was given', 'threadguard report [options] INCIDENT'],
    [
      'report --format pdf x',
      125,
      /Allowed choices are html, md, json\.$/,
      'threadguard report --help lists every option',
    ],
    ['report DIR', 1, /is no incident: incident\.json cannot be read \(ENOENT\)/, /name the directory/],
    ['canary', 125, /needs a --baseline, and a --candidate or a command/, /--baseline unit:old/],
    ['canary --candidate pid:1', 125, /needs a --baseline/, /--baseline unit:old/],
    ['canary --baseline pid:1', 125, /needs a --baseline/, /--baseline unit:old/],
    ['canary --baseline 1 --candidate 1 -- true', 125, /needs a --baseline/, /--baseline unit:old/],
    ['canary --pass 101', 125, /It must be a whole number from 0 to 100\.$/, /^threadguard canary --help/],
    [
      'canary --baseline 1 --candidate 1 --marginal 95',
      125,
      /95 and --pass 90 are no scores in this order/,
      /not be above/,
    ],
    ['canary --baseline pid:x --candidate 1', 125, /"pid:x" is no process/, /pid:NUMBER/],
    ['record', 125, /needs a --target and a file for --out/, /^threadguard record --target/],
    ['record --target pid:1', 125, /needs a --target and a file for --out/, /^threadguard record --target/],
    ['record --target file:a --out b', 125, /cannot read a|is a recording already/, /./],
    ['record --target pid:4194305 --out DIR/x', 1, 'there is no process 4194305', /ps -p PID/],
    [
      'record --target pid:1 --every 10ms --out x',
      125,
      /It must be a duration from 100ms/,
      /^threadguard record --help/,
    ],
    ['suggest-limit', 125, 'no FILE was given', 'threadguard suggest-limit [options] FILE...'],
    ['suggest-limit DIR/nowhere', 125, /cannot read .*nowhere \(ENOENT\)/, /threadguard record/],
    ['suggest-limit DIR/cut.ndjson', 125, /cut\.ndjson:2: the last line is cut short/, /remove it: sed/],
    ['config nope', 125, "unknown command 'nope'", 'threadguard config --help lists every command'],
    ['config chek', 125, "unknown command 'chek'", 'Did you mean check?'],
    [
      'config check',
      125,
      "required option '--config <file>' not specified",
      'threadguard config check --help lists every option',
    ],
    ['config check --config DIR/nowhere', 1, /cannot use the configuration .*ENOENT/, /can be read/],
    [
      'config check --config DIR/bad.yaml',
      1,
      /bad\.yaml:1:1: unknown key "grase" \(did you mean grace\?\)/,
      /config check/,
    ],
    ['config show --gracee 3s', 125, "unknown option '--gracee'", 'Did you mean --grace?'],
    [
      'config show --grace',
      125,
      "option '--grace <duration>' argument missing",
      'threadguard run --help lists every option',
    ],
    ['config show --config DIR/bad.yaml', 1, /unknown key "grase"/, /config check/],
    ['unit', 125, 'no NAME was given', /^threadguard unit \[options\] NAME \[options of run\] -- COMMAND/],
    ['unit web', 1, 'no COMMAND was given', 'threadguard unit NAME -- COMMAND'],
    ['unit a/b -- true', 1, '"a/b" is no name for a unit', /letters, digits/],
    ['unit web -- no-such-command', 127, /command not found/, /./],
    ['unit web --max-task 5 -- true', 125, "unknown option '--max-task'", 'Did you mean --max-tasks?'],
    ['unit web --restart 5 -- true', 125, /Allowed choices are no, on-failure/, /^threadguard run --help/],
    ['unit --drop-in web -- true', 1, 'web.service has a command already', /leave out/],
    ['doctor x', 125, /too many arguments/, 'threadguard doctor --help lists every option'],
    ['drill x', 125, /too many arguments/, 'threadguard drill --help lists every option'],
    ['drill --bomb maps', 125, /Allowed choices are threads, forks\.$/, 'threadguard drill --help lists every option'],
    ['drill --max-tasks 0', 125, /It must be a whole number from 1\.$/, 'threadguard drill --help lists every option'],
    ['drill --for 10ms', 125, /It must be a duration from 100ms, like 2s\.$/, /^threadguard drill --help/],
    ['completion', 125, 'no SHELL was given', 'threadguard completion bash|zsh|fish'],
    [
      'completion tcsh',
      125,
      /Allowed choices are bash, zsh, fish\.$/,
      'threadguard completion --help lists every option',
    ],
  ])('threadguard %s → %i', async ([words, exitCode, message, hint]) => {
    const ended = await commandLine(...words.replaceAll('DIR', dir).split(' '));
    const [first = '', second = '', ...rest] = ended.err.split('\n');
    expect([ended.exitCode, rest]).toEqual([exitCode, ['']]);
    expect(first.replace(/^threadguard: /, '')).toMatch(typeof message === 'string' ? exactly(message) : message);
    expect(second.replace(/^ {2}hint: /, '')).toMatch(typeof hint === 'string' ? exactly(hint) : hint);
  });
  it('a variable that there is not', async () => {
    const ended = await withVariables({ THREADGUARD_GRASE: '1s' }, () => commandLine('config', 'show'));
    expect(ended).toMatchObject({ exitCode: 1, err: expect.stringMatching(/did you mean THREADGUARD_GRACE\?/) });
  });
});

describe('a command line that only looks', () => {
  it.for<[words: string, exitCode: number, out: RegExp]>([
    ['--version', 0, /^1\.2\.3\n$/],
    ['--help', 0, /Commands:\n {2}run \[options\].*Exit status: that of the command; 113/s],
    ['help', 0, /^Usage: threadguard \[options\] \[command\]/],
    ['help run', 0, /^Usage: threadguard run \[options\] -- COMMAND.*General:.*Output:/s],
    ['help config check', 0, /^Usage: threadguard config check/],
    ['run --help', 0, /^Usage: threadguard run .*--max-tasks <count>/s],
    ['explain --log DIR/quiet.log', 1, /tells of no refused thread/],
    ['explain --log DIR/loud.log', 0, /^line 1 \(shell, wanted a process\)/],
    ['config check --config DIR/good.yaml', 0, /good\.yaml is good: 1 setting, 0 policies\n$/],
    ['config schema', 0, /"\$id": "threadguard\.config\/1"/],
    ['completion fish', 0, /^# fish completion/],
    ['dump --pid 1 --timeout 0 --json', 0, /"schema":"threadguard\.dump\/1"/],
    ['limits --json', 0, /"schema":"threadguard\.limits\/1"/],
  ])('threadguard %s → %i', async ([words, exitCode, out]) => {
    const ended = await commandLine(...words.replaceAll('DIR', dir).split(' '));
    expect([ended.exitCode, ended.err]).toEqual([exitCode, '']);
    expect(ended.out).toMatch(out);
  });
  it.for(Object.keys(COMMANDS))('threadguard %s --help', async (name) => {
    const { err, exitCode, out } = await commandLine(name, '--help');
    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toMatch(new RegExp(`^Usage: threadguard ${name} `));
  });
  it('nothing at all shows what there is, and is no success', async () => {
    const { err, exitCode } = await commandLine();
    expect(exitCode).toBe(125);
    expect(err).toMatch(/^Usage: threadguard .*canary/s);
  });
  it('config alone shows what is below it, not the help of the whole program', async () => {
    const { err, exitCode } = await commandLine('config');
    expect(exitCode).toBe(125);
    expect(err).toMatch(/^Usage: threadguard config .*check.*show.*schema/s);
  });
});

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
}
