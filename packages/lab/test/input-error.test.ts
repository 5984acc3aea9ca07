import { expect, it } from 'vitest';
import { reasonOf } from '../src/input-error.ts';

it('puts what an error says on one line, without its end', () => {
  expect(reasonOf(new Error('Unexpected token\n  in "{\n": '))).toBe('Unexpected token in "{ "');
  expect(reasonOf(new RangeError('Too far.'))).toBe('it is cut short or damaged');
  expect(reasonOf(new TypeError('x is null'))).toBe('it is cut short or damaged');
  expect(reasonOf('why')).toBe('why');
});
