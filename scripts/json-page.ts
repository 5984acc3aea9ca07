/** docs/reference/json.md: the reports of `--json`, with the schema and the keys of each. */
import { blocks, table } from '../packages/abi/src/reference/markdown.ts';
import { typeWords, type Schema } from './json-schemas.ts';

const intro = `Each verb that reports takes \`--json FILE\`, or \`--json -\` for stdout. What it writes names its schema in the key \`schema\`; keys may be added to it, never renamed. The schemas are JSON Schema (draft-07), made from the types that the command itself is written with, and a test validates what the verbs write. A key's unit is in its name, or its value is a count.`;

/** Where a report's schema lies, from docs/reference: of `doorbell.compare/1`, `schemas/compare-1.schema.json`. */
export function schemaFile(name: string): string {
  return `schemas/${name.replace('doorbell.', '').replace('/', '-')}.schema.json`;
}

export function jsonPage(schemas: ReadonlyMap<string, Schema>): string {
  const rows = [...schemas].map(([name, schema]) => [
    `[${name}](${schemaFile(name)})`,
    schema.description ?? '',
  ]);
  const text = blocks(
    '# What `--json` writes',
    '<!-- Made by `npm run reference` from packages/cli/src/json-reports.ts. Edit that, not this. -->',
    intro,
    table(['schema', 'written by'], rows),
    ...[...schemas].map(([name, schema]) => section(name, schema)),
  );
  return `${text}\n`;
}

function section(name: string, schema: Schema): string {
  const kinds = (schema.anyOf ?? [schema]).map((each) => resolved(each, schema));
  return blocks(
    `## ${name}`,
    `Of ${schema.description}: [the schema](${schemaFile(name)}).`,
    ...kinds.map((kind) => keyTable(kind)),
  );
}

function resolved(part: Schema, { definitions = {} }: Schema): Schema {
  const name = part.$ref?.replace('#/definitions/', '');
  return name === undefined ? part : definitions[decodeURIComponent(name)];
}

function keyTable({ properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties).map(([key, part]) => [
    `\`${key}\`${required.includes(key) ? '' : ', or absent'}`,
    typeWords(part),
    (part.description ?? '').replace(/\s+/g, ' ').replaceAll('<', '&lt;'),
  ]);
  return table(['key', 'type', 'is'], rows);
}
