import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { Failure, fileFailure, Interrupted, verdict } from '../src/failure.ts';

const hint = 'Look there.';

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

test('tells input that other packages refuse from a bug, by the name of the error', () => {
  expect(verdict(named('InputError', 'There is no stack\n  of that name.'), hint)).toEqual({
    exitCode: 2,
    text: 'doorbell: There is no stack of that name.',
  });
  expect(verdict(named('ProfileError', 'A value is missing.'), hint).exitCode).toBe(2);
});

test.each(['BackendFailed', 'BackendUnavailable', 'TransportLost'])(
  'counts %s as something that the machine lacks',
  (name) => {
    expect(verdict(named(name, 'Nothing listens there.'), hint)).toEqual({
      exitCode: 3,
      text: 'doorbell: Nothing listens there.',
    });
  },
);

test('shows where a bug is', () => {
  const { exitCode, text } = verdict(new TypeError('x is undefined'), hint);
  expect(exitCode).toBe(1);
  expect(text).toMatch(/^doorbell: This is a bug\.\nTypeError: x is undefined\n +at /);
});

test('says nothing of what the user has asked for', () => {
  expect(verdict(new Interrupted(), hint)).toEqual({ exitCode: 130, text: '' });
  const help = new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)');
  expect(verdict(help, hint)).toEqual({ exitCode: 0, text: '' });
});

test("puts commander's message and its suggestion on one line", () => {
  const error = new CommanderError(1, 'x', "error: unknown option '--a'\n(Did you mean --b?)");
  expect(verdict(error, hint)).toEqual({
    exitCode: 2,
    text: "doorbell: Unknown option '--a' (Did you mean --b?) Look there.",
  });
});

test.each([
  ['ENOENT', 2, 'there is no such file or folder'],
  ['EACCES', 2, 'permission denied'],
  ['ENOSPC', 3, 'the disk is full'],
])('puts %s in words', (code, exitCode, words) => {
  const failure = fileFailure(Object.assign(new Error('raw'), { code }), 'write', 'a.json');
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toMatchObject({ exitCode, message: `Cannot write 'a.json': ${words}.` });
});

test('passes on what the system says where it has no words', () => {
  const failure = fileFailure(Object.assign(new Error('EXYZ: odd'), { code: 'EXYZ' }), 'read', 'a');
  expect(failure.message).toBe("Cannot read 'a': EXYZ: odd.");
});
