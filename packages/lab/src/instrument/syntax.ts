/** The syntax tree of a source text, as the parser gives it. */
import { parseSync, visitorKeys, type Node, type Program } from 'oxc-parser';

/** @throws SyntaxError that names file and line. */
export function parse(file: string, code: string): Program {
  const { program, errors } = parseSync(file, code, { lang: 'ts', sourceType: 'module' });
  const [error] = errors;
  if (error !== undefined) {
    throw new SyntaxError(`${file}:${lineAt(code, error.labels[0]?.start ?? 0)}: ${error.message}`);
  }
  return program;
}

/** The line of an offset, from 1. */
export function lineAt(code: string, offset: number): number {
  let line = 1;
  for (let at = code.indexOf('\n'); at >= 0 && at < offset; at = code.indexOf('\n', at + 1)) {
    line++;
  }
  return line;
}

/** What a node is made of, in the order of the text. */
export function childrenOf(node: Node): readonly Node[] {
  const fields: ReadonlyMap<string, unknown> = new Map(Object.entries(node));
  return (visitorKeys[node.type] ?? [])
    .flatMap((key) => fields.get(key))
    .filter(isNode)
    .sort((a, b) => a.start - b.start);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** The names that a pattern of a declaration or a parameter binds. */
export function boundNames(pattern: Node): readonly string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap(boundNames);
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element === null ? [] : boundNames(element)));
    case 'Property':
      return boundNames(pattern.value);
    case 'AssignmentPattern':
      return boundNames(pattern.left);
    case 'RestElement':
      return boundNames(pattern.argument);
    case 'VariableDeclaration':
      return pattern.declarations.flatMap(({ id }) => boundNames(id));
    default:
      return [];
  }
}
