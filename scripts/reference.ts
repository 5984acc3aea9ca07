// npm run reference
//
// Writes docs/reference from the contracts in packages/abi and packages/wire.
import { mkdirSync, writeFileSync } from 'node:fs';
import { referencePages } from '../packages/abi/src/reference.ts';
import { referencePages as wirePages } from '../packages/wire/src/reference.ts';

const folder = new URL('../docs/reference/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries({ ...referencePages(), ...wirePages() })) {
  writeFileSync(new URL(name, folder), text);
}
