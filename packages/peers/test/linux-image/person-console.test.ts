import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { ConsoleLines } from '../../src/linux/console-lines.ts';
import { FOR_PERSON, FOR_PROGRAM, PersonConsole } from '../../src/linux/person-console.ts';

it('hands the serial port to a person, and takes it back', async () => {
  const [toGuest, fromGuest] = [new PassThrough(), new PassThrough()];
  const lines = new ConsoleLines(fromGuest);
  const heard: string[] = [];
  lines.listeners.add((line) => heard.push(line));

  fromGuest.write('before\n');
  await new Promise(setImmediate);
  const person = new PersonConsole(toGuest, lines);
  person.write('ls\n');
  fromGuest.write('# ');
  await new Promise(setImmediate);
  expect(String(person.read())).toBe('# ');
  expect(heard).toEqual(['before']);

  person.destroy();
  await new Promise(setImmediate);
  fromGuest.write('after\n');
  await new Promise(setImmediate);
  expect(heard).toEqual(['before', 'after']);
  expect(String(toGuest.read())).toBe(`${FOR_PERSON}ls\n${FOR_PROGRAM}`);
});
