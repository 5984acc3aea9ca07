import { describe, expect, test } from 'vitest';
import { marksOf } from '../../build/colours-of-source.ts';
import { linesOf } from '../../src/source/marks.ts';

const text = `/** A ring
 *  of 4. */
export const size: Ring = 4; // 'four'
`;

describe('the colours of a source', () => {
  const lines = linesOf({ text, marks: marksOf(text) });

  test('each line holds its characters, without the one that ends it', () => {
    const joined = lines.map((pieces) => pieces.map((piece) => piece.text).join(''));
    expect(`${joined.join('\n')}\n`).toBe(text);
  });

  test('a comment over two lines is one in each', () => {
    expect(lines[0]).toEqual([{ text: '/** A ring', kind: 'comment' }]);
    expect(lines[1]).toEqual([{ text: ' *  of 4. */', kind: 'comment' }]);
  });

  test('keywords, types and numbers are told apart', () => {
    const kinds = new Map(lines[2].map((piece) => [piece.text, piece.kind]));
    expect(kinds.get('export')).toBe('keyword');
    expect(kinds.get('Ring')).toBe('type');
    expect(kinds.get('4')).toBe('number');
    expect(kinds.get("// 'four'")).toBe('comment');
  });
});
