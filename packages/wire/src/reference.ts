/** The pages of docs/reference that are made from the messages. */
import { wirePage } from './reference/wire-page.ts';

/** Markdown by the name of its file. */
export function referencePages(): Readonly<Record<string, string>> {
  return { 'wire.md': wirePage() };
}
