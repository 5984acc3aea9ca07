import { expect, it } from 'vitest';
import { Undo } from '../src/undo.ts';

it('undoes the last step first, each once', () => {
  const undo = new Undo();
  const seen: string[] = [];
  undo.push(() => seen.push('first'));
  undo.push(() => seen.push('second'));
  undo.run();
  undo.run();
  expect(seen).toEqual(['second', 'first']);
});

it('runs the other steps when one throws, and passes its error on', () => {
  const undo = new Undo();
  const seen: string[] = [];
  undo.push(() => seen.push('first'));
  undo.push(() => {
    throw new Error('second');
  });
  expect(() => {
    undo.run();
  }).toThrow('second');
  expect(seen).toEqual(['first']);
});
