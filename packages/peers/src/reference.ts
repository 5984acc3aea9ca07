/** The pages of docs/reference that are made from what the peers showed. */
import { peersPage } from './reference/peers-page.ts';

/** Markdown by the name of its file. */
export function referencePages(): Readonly<Record<string, string>> {
  return { 'peers.md': peersPage() };
}
