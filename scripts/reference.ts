// npm run reference
//
// Writes docs/reference from the contracts in packages/abi and packages/wire, from the stacks of
// packages/lab, from the command and its reports, and from what the peers showed; and the charts of
// docs/reference/shapes.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { referenceFiles } from './reference-pages.ts';
import { shapeCharts } from './shapes-chart.ts';

const folder = new URL('../docs/reference/', import.meta.url);
mkdirSync(new URL('schemas/', folder), { recursive: true });
for (const [name, text] of Object.entries(await referenceFiles())) {
  writeFileSync(new URL(name, folder), text);
}
const charts = new URL('../docs/images/shapes/', import.meta.url);
mkdirSync(charts, { recursive: true });
for (const [name, text] of Object.entries(shapeCharts())) {
  writeFileSync(new URL(name, charts), text);
}
