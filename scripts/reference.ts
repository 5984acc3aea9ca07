// npm run reference
//
// Writes docs/reference from the contracts in packages/abi and packages/wire, from the stacks of
// packages/lab, and from what the peers showed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { referencePages } from '../packages/abi/src/reference.ts';
import { referencePages as labPages } from '../packages/lab/src/reference.ts';
import { referencePages as peersPages } from '../packages/peers/src/reference.ts';
import { referencePages as wirePages } from '../packages/wire/src/reference.ts';

const folder = new URL('../docs/reference/', import.meta.url);
mkdirSync(folder, { recursive: true });
const pages = { ...referencePages(), ...labPages(), ...peersPages(), ...wirePages() };
for (const [name, text] of Object.entries(pages)) {
  writeFileSync(new URL(name, folder), text);
}
