/** docs/reference/mutants.md. */
import { expect, it } from 'vitest';
import { mutants } from '../src/mutants/index.ts';
import { mutantsPage } from '../src/pages/mutants.ts';

const page = mutantsPage();

it('names each mutant and where it was made, and no cause', () => {
  for (const { id, cite, cause } of mutants) {
    expect(page).toContain(`| \`${id}\` |`);
    expect(page).toContain(cite);
    expect(page).not.toContain(cause);
  }
});

it('has as many cells in each row as in its head', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('|'));
  expect(rows).toHaveLength(mutants.length + 2);
  expect(new Set(rows.map((row) => row.split(' | ').length))).toEqual(new Set([4]));
});
