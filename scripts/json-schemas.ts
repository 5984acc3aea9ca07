/** A JSON Schema for each report of packages/cli/src/json-reports.ts, made from its type. */
import { fileURLToPath } from 'node:url';
import {
  createFormatter,
  createParser,
  createProgram,
  EnumType,
  SchemaGenerator,
  type BaseType,
  type CompletedConfig,
  type SubNodeParser,
} from 'ts-json-schema-generator';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const REPORTS = 'JsonReports';

/** A schema, or a part of one. */
export interface Schema {
  readonly [keyword: string]: unknown;
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const config: CompletedConfig = {
  path: `${root}packages/cli/src/json-reports.ts`,
  tsconfig: `${root}tsconfig.json`,
  type: REPORTS,
  schemaId: '',
  // `npm run check:types` has looked.
  skipTypeCheck: true,
  // Keys may be added.
  additionalProperties: true,
  ...{ expose: 'export', topRef: true, jsDoc: 'extended', markdownDescription: false },
  ...{ sortProps: true, strictTuples: false, encodeRefs: true, extraTags: [] },
  ...{ fullDescription: false, functions: 'hide', minify: false, discriminatorType: 'json-schema' },
};

/**
 * Names that are the keys of data, such as the causes of `explain`: the library reads declarations,
 * and the compiler knows what they come to.
 */
class NamesParser implements SubNodeParser {
  private readonly checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.checker = checker;
  }

  supportsNode(node: ts.Node): boolean {
    return isOwn(node) && isOfNames(node) && this.namesOf(node) !== undefined;
  }

  createType(node: ts.Node): BaseType {
    return new EnumType(`names-${node.pos}`, [...(this.namesOf(node) ?? [])].sort());
  }

  private namesOf(node: ts.Node): readonly string[] | undefined {
    const type = this.checker.getTypeAtLocation(node);
    const all = type.isUnion() ? type.types : [type];
    return all.every((each) => each.isStringLiteral()) ? all.map(({ value }) => value) : undefined;
  }
}

function isOwn(node: ts.Node): boolean {
  return !node.getSourceFile().fileName.includes('/node_modules/');
}

function isOfNames(node: ts.Node): boolean {
  return ts.isIndexedAccessTypeNode(node) || ts.isTypeOperatorNode(node);
}

/** By the name that each report names itself: `doorbell.compare/1`. */
export function jsonSchemas(): ReadonlyMap<string, Schema> {
  const program = createProgram(config);
  const parser = createParser(program, config, (chain) => {
    chain.addNodeParser(new NamesParser(program.getTypeChecker()));
  });
  const generator = new SchemaGenerator(program, parser, createFormatter(config), config);
  const made: unknown = generator.createSchema(REPORTS);
  const { definitions = {} } = made as Schema;
  return new Map(
    Object.entries(definitions[REPORTS].properties ?? {}).map(([name, report]) => [
      name,
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        title: name,
        ...report,
        definitions: reached(report, definitions),
      },
    ]),
  );
}

const REFERENCE = /"\$ref":"#\/definitions\/([^"]*)"/g;

/** Those that a schema refers to, and that these refer to. */
function reached(
  from: Schema,
  all: Readonly<Record<string, Schema>>,
): Readonly<Record<string, Schema>> {
  const names = new Set<string>();
  const follow = (schema: Schema): void => {
    for (const [, encoded] of JSON.stringify(schema).matchAll(REFERENCE)) {
      const name = decodeURIComponent(encoded);
      if (!names.has(name)) {
        names.add(name);
        follow(all[name]);
      }
    }
  };
  follow(from);
  return Object.fromEntries([...names].sort().map((name) => [name, all[name]]));
}

/** A type in a few words, for a table. */
export function typeWords({
  type,
  const: value,
  enum: values,
  anyOf,
  items,
  $ref,
}: Schema): string {
  if ($ref !== undefined) {
    return decodeURIComponent($ref.replace('#/definitions/', ''));
  }
  if (anyOf !== undefined) {
    return anyOf.map(typeWords).join(' or ');
  }
  if (value !== undefined || values !== undefined) {
    return (values ?? [value]).map((each) => `\`${JSON.stringify(each)}\``).join(' or ');
  }
  return type === 'array' && items !== undefined && !Array.isArray(items)
    ? `array of ${typeWords(items)}`
    : [type ?? 'anything'].flat().join(' or ');
}
