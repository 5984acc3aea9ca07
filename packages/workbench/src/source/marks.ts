/** The colours of a source, as the build has worked them out (`build/colours-of-source.ts`). */
import type { SourceFile } from '../machine/contract.ts';

export const markKinds = ['comment', 'keyword', 'string', 'number', 'type'] as const;
export type MarkKind = (typeof markKinds)[number];

/** A piece of a line; without a kind it has the colour of text. */
export interface Piece {
  readonly text: string;
  readonly kind: MarkKind | undefined;
}

/** The file's lines; a mark over several lines is cut where they end. */
export function linesOf({ text, marks }: SourceFile): readonly (readonly Piece[])[] {
  const lines: Piece[][] = [[]];
  const put = (piece: string, kind: MarkKind | undefined): void => {
    piece.split('\n').forEach((part, index) => {
      if (index > 0) {
        lines.push([]);
      }
      if (part !== '') {
        lines[lines.length - 1].push({ text: part, kind });
      }
    });
  };
  let at = 0;
  for (let index = 0; index < marks.length; index += 3) {
    const from = at + marks[index];
    const to = from + marks[index + 1];
    put(text.slice(at, from), undefined);
    put(text.slice(from, to), markKinds[marks[index + 2]]);
    at = to;
  }
  put(text.slice(at).replace(/\n$/, ''), undefined);
  return lines;
}
