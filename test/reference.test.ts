import { readdirSync, readFileSync } from 'node:fs';
import { referencePages } from '@doorbell/abi';
import { referencePages as courseworkPages } from '@doorbell/coursework';
import { referencePages as labPages } from '@doorbell/lab';
import { referencePages as peersPages } from '@doorbell/peers';
import { referencePages as wirePages } from '@doorbell/wire';
import { expect, it } from 'vitest';
import { shapeCharts } from '../scripts/shapes-chart.ts';

const folder = new URL('../docs/reference/', import.meta.url);
const mend = 'docs/reference is not what the packages say: run `npm run reference`.';
const pages = {
  ...referencePages(),
  ...courseworkPages(),
  ...labPages(),
  ...peersPages(),
  ...wirePages(),
};

it.each(Object.entries(pages))('docs/reference/%s is up to date', (name, text) => {
  expect(readFileSync(new URL(name, folder), 'utf8') === text, mend).toBe(true);
});

it('docs/reference holds no other page', () => {
  expect(readdirSync(folder).sort(), mend).toEqual(Object.keys(pages).sort());
});

const images = new URL('../docs/images/shapes/', import.meta.url);
const charts = shapeCharts();

it.each(Object.entries(charts))('docs/images/shapes/%s is up to date', (name, text) => {
  expect(readFileSync(new URL(name, images), 'utf8') === text, mend).toBe(true);
});

it('docs/images/shapes holds no other chart', () => {
  expect(readdirSync(images).sort(), mend).toEqual(Object.keys(charts).sort());
});
