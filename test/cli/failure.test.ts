import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../../src/cli/failure.ts';
import { UsageError, withRefusals } from '../../src/cli/refusals.ts';
import { EXIT, GuardError } from '../../src/errors.ts';

describe('what went wrong', () => {
  it.for(Object.entries(EXIT))('with %s keeps its exit status', ([, exitCode]) => {
    const error = new GuardError('x', 'it failed', { hint: 'do this', exitCode });
    expect(failureOf(error)).toEqual({ text: 'threadguard: it failed\n  hint: do this\n', exitCode });
  });
  it('with no exit status of its own is the guard that failed', () => {
    expect(failureOf(new GuardError('x', 'it failed', { hint: 'do this' })).exitCode).toBe(125);
  });
  it.for([
    [new TypeError('x is not a function'), /^threadguard: internal error: TypeError: x is not a function\n {4}at /],
    ['thrown text', /^threadguard: internal error: thrown text\n/],
    [{ code: 'EPIPE' }, /^threadguard: internal error: EPIPE\n/],
    [undefined, /^threadguard: internal error: undefined\n/],
  ] as const)('unforeseen is a fault of ours: %s', ([error, want]) => {
    const { exitCode, text } = failureOf(error);
    expect(exitCode).toBe(125);
    expect(text).toMatch(want);
    expect(text).toMatch(/\n {2}hint: please report this with the command line\n$/);
  });
  it('is nothing where somebody asked for help', () => {
    const error = new UsageError(new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'), new Command(), 'x');
    expect(failureOf(error)).toEqual({ text: '', exitCode: 0 });
  });
});

describe('a refusal', () => {
  const program = (): Command =>
    withRefusals(
      new Command('top').addCommand(
        new Command('a').addCommand(new Command('b').argument('<thing>').option('--x <n>')),
      ),
      'top',
    );
  it.for([
    [['a', 'b'], 'no THING was given', 'top a b [options] <thing>'],
    [['a', 'b', '--x'], "option '--x <n>' argument missing", 'top a b --help lists every option'],
    [['a', 'c'], "unknown command 'c'", 'top a --help lists every command'],
    [['--y'], "unknown option '--y'", 'top --help lists every command'],
  ] as const)('%j knows the command that made it', ([words, message, hint]) => {
    let caught: unknown;
    try {
      program().parse([...words], { from: 'user' });
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(UsageError);
    expect(failureOf(caught)).toEqual({ text: `threadguard: ${message}\n  hint: ${hint}\n`, exitCode: 125 });
  });
});
