/** The pages of docs/reference that are made from the stacks. */
import { modesPage } from './reference/modes-page.ts';

/** Markdown by the name of its file. */
export function referencePages(): Readonly<Record<string, string>> {
  return { 'modes.md': modesPage() };
}
