/** docs/reference/mutants.md. */
import { expect, it } from 'vitest';
import { mutants } from '../src/mutants/index.ts';
import { referencePages } from '../src/reference-page.ts';

const pages = referencePages();

it('is one page, which names each mutant and where it was made, and no cause', () => {
  expect(Object.keys(pages)).toEqual(['mutants.md']);
  const page = pages['mutants.md'];
  for (const { id, cite, cause } of mutants) {
    expect(page).toContain(`| \`${id}\` |`);
    expect(page).toContain(cite);
    expect(page).not.toContain(cause);
  }
});

it('has as many cells in each row as in its head', () => {
  const rows = pages['mutants.md'].split('\n').filter((line) => line.startsWith('|'));
  expect(rows).toHaveLength(mutants.length + 2);
  expect(new Set(rows.map((row) => row.split(' | ').length))).toEqual(new Set([4]));
});
