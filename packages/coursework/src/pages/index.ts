/** The pages of docs/reference that are made from the checks and the mutants. */
import { conformancePage } from './conformance.ts';
import { labsPage } from './labs.ts';
import { mutantsPage } from './mutants.ts';

/** Markdown by the name of its file. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'conformance.md': conformancePage(),
    'labs.md': labsPage(),
    'mutants.md': mutantsPage(),
  };
}
