import { expect, it } from 'vitest';
import { reasonOf } from '../src/input-error.ts';

it('puts what an error says on one line, without its end', () => {
  expect(reasonOf(new Error('Unexpected token\n  in "{\n": '))).toBe('Unexpected token in "{ "');
  expect(reasonOf(new RangeError('Too far.'))).toBe('Too far');
  expect(reasonOf('why')).toBe('why');
});
