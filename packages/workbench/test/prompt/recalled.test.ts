import { describe, expect, test } from 'vitest';
import { recalled } from '../../src/prompt/recalled.ts';

const lines = ['n', 'r exit', 'who STATUS'];

describe('recalled', () => {
  test('back from the latest to the first, and not past it', () => {
    expect(recalled(lines, 0, 1)).toEqual({ back: 1, line: 'who STATUS' });
    expect(recalled(lines, 2, 1)).toEqual({ back: 3, line: 'n' });
    expect(recalled(lines, 3, 1)).toEqual({ back: 3, line: 'n' });
  });

  test('forth to the new line, which is empty, and not past it', () => {
    expect(recalled(lines, 3, -1)).toEqual({ back: 2, line: 'r exit' });
    expect(recalled(lines, 1, -1)).toEqual({ back: 0, line: '' });
    expect(recalled(lines, 0, -1)).toEqual({ back: 0, line: '' });
  });

  test('nothing was typed: there is only the new line', () => {
    expect(recalled([], 0, 1)).toEqual({ back: 0, line: '' });
  });

  test('lines that were dropped since: the first that is left', () => {
    expect(recalled(['n'], 3, 1)).toEqual({ back: 1, line: 'n' });
  });
});
