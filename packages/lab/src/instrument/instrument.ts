/**
 * Makes a driver's source say where it is: before each statement stands a call with the line and a
 * closure over the locals in scope. All text stays on its line. What is called puts the caller's line
 * back when it returns, and an `await` when it goes on, so that the rest of a statement has its line.
 *
 *     const tail = this.push.publish();
 *     $source.at(3, () => ({ more })); const tail = this.push.publish();
 *
 * Who strips the types comes after. A shape that cannot be covered is an error, never skipped.
 */
import MagicString from 'magic-string';
import type {
  ArrowFunctionExpression,
  Function as FunctionNode,
  Node,
  Statement,
} from 'oxc-parser';
import { boundNames, childrenOf, lineAt, parse } from './syntax.ts';

export interface InstrumentOptions {
  /** The name that the table of lines has for it, such as `guest-driver/src/bell/ring.ts`. */
  readonly file: string;
  /** What to import `sourceOf` from: `@doorbell/lab/source`, or where that is found. */
  readonly hook: string;
}

export interface Instrumented {
  readonly code: string;
  /** The lines with a statement, from 1, in the order of the numbers that the calls have. */
  readonly lines: readonly number[];
}

/** How many locals are shown: the nearest. */
const MOST_LOCALS = 8;

/** Names of the calls that are put in. */
const HOOK = '$source';
const CALLER = '$caller';

type Callable = FunctionNode | ArrowFunctionExpression;

/** @throws SyntaxError that names the line, when the source has a shape that cannot be covered. */
export function instrument(code: string, { file, hook }: InstrumentOptions): Instrumented {
  const made = new Instrumenter(code, file);
  made.run();
  const lines = [...made.lines.keys()];
  const imports = `import { sourceOf as ${HOOK}Of } from ${JSON.stringify(hook)}; `;
  const table = `const ${HOOK} = ${HOOK}Of(${JSON.stringify(file)}, ${JSON.stringify(lines)}); `;
  made.text.prepend(imports + table);
  return { code: made.text.toString(), lines };
}

class Instrumenter {
  readonly text: MagicString;
  /** Numbers by line. */
  readonly lines = new Map<number, number>();
  private readonly code: string;
  private readonly file: string;
  /** What is declared where we are, outermost first. */
  private names: string[] = [];
  /** Of the statement that we are in. */
  private number = 0;
  /** The innermost function: an `await` must stand in an async one. */
  private inFunction = false;

  constructor(code: string, file: string) {
    this.code = code;
    this.file = file;
    this.text = new MagicString(code);
  }

  run(): void {
    for (const word of [HOOK, CALLER]) {
      if (this.code.includes(word)) {
        throw new SyntaxError(`${this.file}: uses the name ${word}, which is put in.`);
      }
    }
    this.visit(parse(this.file, this.code));
  }

  private insert(at: number, text: string): void {
    // Always to the left: what is put in first at a place stands first there.
    this.text.appendLeft(at, text);
  }

  // -------------------------------------------------------------------------- expressions

  private visit(node: Node): void {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.callable(node);
        return;
      case 'AwaitExpression':
        this.awaits(node.start, node.argument, node.end);
        return;
      case 'YieldExpression':
        return this.refuse(node, 'a generator');
      case 'StaticBlock':
        return this.refuse(node, 'a static block');
      case 'TSModuleDeclaration':
        return this.refuse(node, 'a namespace');
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
        this.visit(node.expression);
        return;
      default:
        if (!node.type.startsWith('TS')) {
          childrenOf(node).forEach((child) => this.visit(child));
        }
    }
  }

  /** `await x`: the caller goes on meanwhile, and whoever made it go on has no line of its own. */
  private awaits(start: number, argument: Node, end: number): void {
    if (!this.inFunction) {
      throw new SyntaxError(`${this.place(start)}: an await outside of a function.`);
    }
    this.insert(start, `${HOOK}.back(${this.number}, `);
    this.insert(argument.start, `${HOOK}.leave(`);
    this.visit(argument);
    this.insert(argument.end, `, ${CALLER}, ${CALLER} = 0)`);
    this.insert(end, ')');
  }

  // ---------------------------------------------------------------------------- functions

  private callable(node: Callable): void {
    const { body } = node;
    if (node.type !== 'ArrowFunctionExpression' && node.generator) {
      return this.refuse(node, 'a generator');
    }
    if (body === null) {
      return; // an overload
    }
    const { names, number, inFunction } = this;
    // A declared function may be called before what stands above it is initialized.
    this.names = node.type === 'FunctionDeclaration' ? [] : [...names];
    node.params.forEach((param) => this.visit(param));
    this.names.push(...node.params.flatMap(boundNames).filter((name) => name !== 'this'));
    this.inFunction = true;
    if (body.type === 'BlockStatement') {
      this.block(body.start + 1, body.body, body.end - 1);
    } else {
      this.insert(body.start, `{ ${enter} ${this.hook(body)} return `);
      this.visit(body);
      this.insert(body.end, `; ${leave} }`);
    }
    Object.assign(this, { names, number, inFunction });
  }

  private block(start: number, statements: readonly Node[], end: number): void {
    const directives = statements.filter(isDirective);
    if (statements.length > directives.length) {
      this.insert(directives.at(-1)?.end ?? start, ` ${enter}`);
      this.statements(statements);
      this.insert(end, `${leave} `);
    }
  }

  // --------------------------------------------------------------------------- statements

  /** Statements of one scope. */
  private statements(statements: readonly Node[]): void {
    const declared = this.names.length;
    for (const statement of statements) {
      if (!isDirective(statement)) {
        this.statement(statement);
        this.names.push(...boundNames(statement));
      }
    }
    this.names.length = declared;
  }

  private statement(node: Node): void {
    switch (node.type) {
      case 'BlockStatement':
        this.statements(node.body);
        return;
      case 'EmptyStatement':
      case 'FunctionDeclaration':
        this.visit(node);
        return;
      case 'WhileStatement':
        this.test(node.test);
        this.body(node.body);
        return;
      case 'DoWhileStatement':
        this.body(node.body);
        this.test(node.test);
        return;
      case 'LabeledStatement':
        this.before(node);
        this.labeled(node.body);
        return;
      default:
        if (!node.type.startsWith('TS')) {
          this.before(node);
          this.inside(node);
        }
    }
  }

  /** A loop behind a label stays behind it. */
  private labeled(node: Statement): void {
    if (node.type === 'WhileStatement' || node.type === 'DoWhileStatement') {
      this.statement(node);
    } else {
      this.inside(node);
    }
  }
  /** What a statement, before which the call stands, is made of. */
  private inside(node: Node): void {
    const declared = this.names.length;
    switch (node.type) {
      case 'IfStatement':
        this.visit(node.test);
        this.body(node.consequent);
        if (node.alternate !== null) {
          this.body(node.alternate);
        }
        break;
      case 'ForStatement':
        if (node.init !== null) {
          this.visit(node.init);
          this.names.push(...boundNames(node.init));
        }
        this.loopPart(node.test);
        this.loopPart(node.update);
        this.body(node.body);
        break;
      case 'ForOfStatement':
      case 'ForInStatement':
        if (node.type === 'ForOfStatement' && node.await) {
          return this.refuse(node, 'a for await');
        }
        this.visit(node.right);
        this.names.push(...boundNames(node.left));
        this.body(node.body);
        break;
      case 'SwitchStatement':
        this.visit(node.discriminant);
        for (const { test, consequent } of node.cases) {
          if (test !== null) {
            this.visit(test);
          }
          this.statements(consequent);
        }
        break;
      case 'TryStatement':
        this.statements(node.block.body);
        if (node.handler !== null) {
          this.names.push(...(node.handler.param === null ? [] : boundNames(node.handler.param)));
          this.statements(node.handler.body.body);
          this.names.length = declared;
        }
        this.statements(node.finalizer?.body ?? []);
        break;
      default:
        this.visit(node);
    }
    this.names.length = declared;
  }

  /** The body of a loop or a branch: gets braces when it has none. */
  private body(node: Node): void {
    if (node.type === 'BlockStatement') {
      this.statements(node.body);
    } else {
      this.insert(node.start, '{ ');
      this.statement(node);
      this.insert(node.end, ' }');
    }
  }

  private before(node: Node): void {
    this.insert(node.start, `${this.hook(node)} `);
  }

  /** A condition that is looked at again after the body: its own step. */
  private test(node: Node): void {
    this.insert(node.start, `(${this.call(node)}, `);
    this.visit(node);
    this.insert(node.end, ')');
  }

  /** The rest of `for (…)`, after the body: back on its line, which is not a step of its own. */
  private loopPart(node: Node | null): void {
    if (node !== null) {
      this.number = this.numberOf(node);
      this.insert(node.start, `(${HOOK}.back(${this.number}), `);
      this.visit(node);
      this.insert(node.end, ')');
    }
  }

  // -------------------------------------------------------------------------------- calls

  private hook(node: Node): string {
    return `${this.call(node)};`;
  }

  private call(node: Node): string {
    this.number = this.numberOf(node);
    const names = [...new Set(this.names)].slice(-MOST_LOCALS);
    const locals = names.length === 0 ? '' : `, () => ({ ${names.join(', ')} })`;
    return `${HOOK}.at(${this.number}${locals})`;
  }

  private numberOf({ start }: Node): number {
    const line = lineAt(this.code, start);
    const number = this.lines.get(line) ?? this.lines.size;
    this.lines.set(line, number);
    return number;
  }

  private place(offset: number): string {
    return `${this.file}:${lineAt(this.code, offset)}`;
  }

  private refuse(node: Node, what: string): never {
    throw new SyntaxError(`${this.place(node.start)}: ${what} cannot be followed by source line.`);
  }
}

const enter = `let ${CALLER} = ${HOOK}.enter(); try {`;
const leave = `} finally { ${HOOK}.leave(undefined, ${CALLER}); }`;

function isDirective(node: Node): boolean {
  return node.type === 'ExpressionStatement' && typeof node.directive === 'string';
}
