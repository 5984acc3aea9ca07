import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { referenceFiles } from '../scripts/reference-pages.ts';
import { shapeCharts } from '../scripts/shapes-chart.ts';

const folder = new URL('../docs/reference/', import.meta.url);
const mend = 'docs/reference is not what the packages say: run `npm run reference`.';
const files = await referenceFiles();

it.each(Object.entries(files))('docs/reference/%s is up to date', (name, text) => {
  expect(readFileSync(new URL(name, folder), 'utf8') === text, mend).toBe(true);
});

it('docs/reference holds no other file', () => {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  expect(found.filter((path) => path !== 'schemas').sort(), mend).toEqual(
    Object.keys(files).sort(),
  );
});

const images = new URL('../docs/images/shapes/', import.meta.url);
const charts = shapeCharts();

it.each(Object.entries(charts))('docs/images/shapes/%s is up to date', (name, text) => {
  expect(readFileSync(new URL(name, images), 'utf8') === text, mend).toBe(true);
});

it('docs/images/shapes holds no other chart', () => {
  expect(readdirSync(images).sort(), mend).toEqual(Object.keys(charts).sort());
});
