/** Which characters of a source have a colour, worked out while the page is built: it needs no parser then. */
import { parser } from '@lezer/javascript';
import { highlightTree, tagHighlighter, tags } from '@lezer/highlight';
import { markKinds, type MarkKind } from '../src/source/marks.ts';

const typescript = parser.configure({ dialect: 'ts' });

const kind = (name: MarkKind): string => name;
const highlighter = tagHighlighter([
  { tag: tags.comment, class: kind('comment') },
  { tag: [tags.keyword, tags.operatorKeyword], class: kind('keyword') },
  { tag: [tags.string, tags.regexp], class: kind('string') },
  { tag: [tags.number, tags.bool, tags.null], class: kind('number') },
  { tag: [tags.typeName, tags.className], class: kind('type') },
]);

/** Three numbers for each mark, as `src/source/marks.ts` reads them. */
export function marksOf(text: string): readonly number[] {
  const marks: number[] = [];
  let at = 0;
  highlightTree(typescript.parse(text), highlighter, (from, to, name) => {
    marks.push(
      from - at,
      to - from,
      markKinds.findIndex((each) => each === name),
    );
    at = to;
  });
  return marks;
}
