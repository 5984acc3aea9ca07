// npm run reference
//
// Writes docs/reference from the contracts in packages/abi and packages/wire, from the stacks of
// packages/lab, and from what the peers showed; and the charts of docs/reference/shapes.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { referencePages } from '../packages/abi/src/reference.ts';
import { referencePages as courseworkPages } from '../packages/coursework/src/pages/index.ts';
import { referencePages as labPages } from '../packages/lab/src/reference.ts';
import { referencePages as peersPages } from '../packages/peers/src/reference.ts';
import { referencePages as wirePages } from '../packages/wire/src/reference.ts';
import { shapeCharts } from './shapes-chart.ts';

const folder = new URL('../docs/reference/', import.meta.url);
mkdirSync(folder, { recursive: true });
const pages = {
  ...referencePages(),
  ...courseworkPages(),
  ...labPages(),
  ...peersPages(),
  ...wirePages(),
};
for (const [name, text] of Object.entries(pages)) {
  writeFileSync(new URL(name, folder), text);
}
const charts = new URL('../docs/images/shapes/', import.meta.url);
mkdirSync(charts, { recursive: true });
for (const [name, text] of Object.entries(shapeCharts())) {
  writeFileSync(new URL(name, charts), text);
}
