import { expect, test } from 'vitest';
import { parseGuest } from '../src/index.ts';

test('a scene alone is a guest like others', () => {
  const { scene, ...due } = parseGuest('churn');
  expect(scene.name).toBe('churn');
  expect(due).toEqual({ weight: 1, cap: 0, frames: undefined });
});

test('what a guest is due stands behind its scene, in any order', () => {
  const { scene, ...due } = parseGuest('bunny:frames=10:cap=50:weight=2');
  expect(scene.name).toBe('bunny');
  expect(due).toEqual({ weight: 2, cap: 50, frames: 10 });
});

test.each([
  ['', "There is no scene ''; there is bunny,"],
  [
    'bunny:toString=1',
    "a guest has weight, cap, frames, as in bunny:weight=2, and no 'toString=1'",
  ],
  ['bunny:cap=1=2', "no 'cap=1=2'"],
  ['bunny:weight=99999999999', "'weight' is a whole number from 1 to 65535"],
])("'%s' is refused with what is accepted", (text, reason) => {
  expect(() => parseGuest(text)).toThrow(reason);
});
