import { expect, test } from 'vitest';
import { wrap } from '../../src/text/index.ts';

test('wraps at spaces, and indents each line', () => {
  expect(wrap('one two three four', 11, '  ')).toBe('  one two\n  three\n  four');
});

test('lets a word that is too long stand alone', () => {
  expect(wrap('a incomprehensibilities b', 6)).toBe('a\nincomprehensibilities\nb');
});
