/** What docs/reference holds, by the paths of its files: all of it is made. */
import { referencePages } from '../packages/abi/src/reference.ts';
import { referencePages as courseworkPages } from '../packages/coursework/src/pages/index.ts';
import { referencePages as labPages } from '../packages/lab/src/reference.ts';
import { referencePages as peersPages } from '../packages/peers/src/reference.ts';
import { referencePages as wirePages } from '../packages/wire/src/reference.ts';
import { commandPage } from './command-page.ts';
import { jsonPage, schemaFile } from './json-page.ts';
import { jsonSchemas } from './json-schemas.ts';

export async function referenceFiles(): Promise<Readonly<Record<string, string>>> {
  const schemas = jsonSchemas();
  return {
    ...referencePages(),
    ...courseworkPages(),
    ...labPages(),
    ...peersPages(),
    ...wirePages(),
    'cli.md': await commandPage(),
    'json.md': jsonPage(schemas),
    ...Object.fromEntries(
      [...schemas].map(([name, schema]) => [
        schemaFile(name),
        `${JSON.stringify(schema, null, 2)}\n`,
      ]),
    ),
  };
}
