/** The pages of docs/reference that are made from the stacks and from what was measured of them. */
import { explanationsPage } from './reference/explanations-page.ts';
import { modesPage } from './reference/modes-page.ts';
import { shapesPage } from './reference/shapes-page.ts';

/** Markdown by the name of its file. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'explanations.md': explanationsPage(),
    'modes.md': modesPage(),
    'shapes.md': shapesPage(),
  };
}
