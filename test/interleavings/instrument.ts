/**
 * Turns ring code into generators, by its source: every function that touches shared memory becomes
 * one, each `memory.load16(…)` a `yield`, each call of such a function a `yield*`. Nothing else
 * changes, and every line stays where it is. What cannot be turned is an error, never skipped.
 */
import ts from 'typescript';
import { steps, type Site } from './step.ts';

export interface Instrumented {
  readonly source: string;
  readonly sites: readonly Site[];
  /** Fields that the code only ever adds to: they decide nothing. */
  readonly counters: ReadonlySet<string>;
}

/** A function that may become a generator: a method, or a function at the top of the module. */
type Routine = ts.MethodDeclaration | ts.FunctionDeclaration;

interface Edit {
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

/** @throws SyntaxError that names the line, when the source has a shape that cannot be turned. */
export function instrument(name: string, source: string): Instrumented {
  return new Instrumenter(name, source).run();
}

class Instrumenter {
  private readonly file: ts.SourceFile;
  private readonly sites: Site[] = [];
  private readonly edits: Edit[] = [];
  private readonly accesses: ts.CallExpression[] = [];
  private readonly calls: ts.CallExpression[] = [];
  private readonly generators = new Set<Routine>();

  constructor(name: string, source: string) {
    this.file = ts.createSourceFile(name, source, ts.ScriptTarget.ES2023, true);
  }

  run(): Instrumented {
    this.visit(this.file, (node) => this.checkState(node));
    this.visit(this.file, (node) => this.collect(node));
    this.accesses.forEach((call) => this.generators.add(this.routineOf(call)));
    this.spread();
    this.visit(this.file, (node) => this.checkMention(node));
    this.accesses.forEach((call) => this.turnAccess(call));
    this.calls.forEach((call) => this.turnCall(call));
    this.generators.forEach((routine) => this.turnRoutine(routine));
    return { source: this.edited(), sites: this.sites, counters: this.counters() };
  }

  private visit(node: ts.Node, see: (node: ts.Node) => void): void {
    see(node);
    ts.forEachChild(node, (child) => this.visit(child, see));
  }

  // --------------------------------------------------------------------------- what is there

  /** All state must be in fields that can be seen: a local state is known by them. */
  private checkState(node: ts.Node): void {
    const isVariable = ts.isVariableStatement(node) && node.parent === this.file;
    if (isVariable && (node.declarationList.flags & ts.NodeFlags.Const) === 0) {
      this.refuse(node.declarationList, 'the module has a variable');
    }
    if (ts.isPrivateIdentifier(node)) {
      this.refuse(node, 'a field is hidden');
    }
  }

  private collect(node: ts.Node): void {
    if (isAccess(node)) {
      if (!isMemory(node.expression)) {
        this.refuse(node, 'memory has another name than memory');
      }
      if (!ts.isCallExpression(node.parent) || node.parent.expression !== node) {
        this.refuse(node, 'an access is not called');
      }
      this.accesses.push(node.parent);
    } else if (isMemory(node) && !isHandedOn(node) && !ts.isPropertyAccessExpression(node.parent)) {
      this.refuse(node, 'memory is handed on where it may be touched unseen');
    }
  }

  /** Whoever calls a generator becomes one, until nothing changes. */
  private spread(): void {
    const before = this.generators.size;
    this.calls.length = 0;
    this.visit(this.file, (node) => {
      const target = ts.isCallExpression(node) ? this.target(node) : undefined;
      if (target !== undefined && this.generators.has(target)) {
        this.calls.push(node as ts.CallExpression);
        this.generators.add(this.routineOf(node));
      }
    });
    if (this.generators.size > before) {
      this.spread();
    }
  }

  /** What `this.name(…)` or `name(…)` calls, of this module. */
  private target({ expression }: ts.CallExpression): Routine | undefined {
    if (ts.isIdentifier(expression)) {
      return this.file.statements.find(
        (statement): statement is ts.FunctionDeclaration =>
          ts.isFunctionDeclaration(statement) && statement.name?.text === expression.text,
      );
    }
    if (
      !ts.isPropertyAccessExpression(expression) ||
      expression.expression.kind !== ts.SyntaxKind.ThisKeyword
    ) {
      return undefined;
    }
    const owner = ts.findAncestor(expression, ts.isClassDeclaration);
    return owner?.members.find(
      (member): member is ts.MethodDeclaration =>
        ts.isMethodDeclaration(member) && member.name.getText() === expression.name.text,
    );
  }

  /** The function that a node stands in. */
  private routineOf(node: ts.Node): Routine {
    const around = ts.findAncestor(node.parent, ts.isFunctionLike);
    if (around === undefined) {
      return this.refuse(node, 'memory is touched outside of a function');
    }
    const isRoutine = ts.isMethodDeclaration(around) || ts.isFunctionDeclaration(around);
    if (!isRoutine || around.body === undefined) {
      return this.refuse(node, 'memory is touched in a closure, a constructor or an accessor');
    }
    if (around.asteriskToken !== undefined || around.modifiers?.some(isAsync) === true) {
      return this.refuse(node, 'memory is touched in a function that is a generator or async');
    }
    if (ts.isFunctionDeclaration(around) && around.parent !== this.file) {
      return this.refuse(node, 'memory is touched in a nested function');
    }
    return around;
  }

  /** A generator's name must not appear but where it is called as we understand it. */
  private checkMention(node: ts.Node): void {
    const names = [...this.generators].map((routine) => routine.name?.getText());
    if (!ts.isIdentifier(node) || !names.includes(node.text) || isDeclarationName(node)) {
      return;
    }
    const callee = ts.isPropertyAccessExpression(node.parent) ? node.parent : node;
    const call = callee.parent;
    if (!ts.isCallExpression(call) || call.expression !== callee || !this.calls.includes(call)) {
      this.refuse(node, `${node.text} touches memory, and is not called as a method of this`);
    }
  }

  /** Fields of numbers that are only ever written as `this.field += …` or `this.field++`. */
  private counters(): ReadonlySet<string> {
    const counted = new Set<string>();
    const read = new Set<string>();
    this.visit(this.file, (node) => {
      if (
        ts.isPropertyAccessExpression(node) &&
        node.expression.kind === ts.SyntaxKind.ThisKeyword
      ) {
        (isCounted(node) ? counted : read).add(node.name.text);
      }
    });
    return new Set([...counted].filter((name) => !read.has(name)));
  }

  private refuse(node: ts.Node, why: string): never {
    const { line } = this.file.getLineAndCharacterOfPosition(node.getStart());
    throw new SyntaxError(`${this.file.fileName}:${line + 1}: ${why}: ${node.parent.getText()}`);
  }

  // ---------------------------------------------------------------------------- what changes

  private turnAccess(call: ts.CallExpression): void {
    const { expression, arguments: given } = call;
    const name = (expression as ts.PropertyAccessExpression).name.text;
    const site = this.sites.push(this.siteOf(call)) - 1;
    const start = `(yield $.${name}($sites[${site}]${given.length > 0 ? ', ' : ''}`;
    const open = given.length > 0 ? given[0].getStart() : call.end - 1;
    // The text between may hold line breaks: they are kept.
    const breaks = this.file.text.slice(call.getStart(), open).replace(/[^\n]/g, '');
    this.edits.push({ at: call.getStart(), end: open, text: start + breaks });
    this.edits.push({ at: call.end, end: call.end, text: ')' });
  }

  private siteOf(call: ts.CallExpression): Site {
    const { line } = this.file.getLineAndCharacterOfPosition(call.getStart());
    return { line: line + 1, text: call.getText().replace(/\s+/g, ' ') };
  }

  private turnCall(call: ts.CallExpression): void {
    this.edits.push({ at: call.getStart(), end: call.getStart(), text: '(yield* ' });
    this.edits.push({ at: call.end, end: call.end, text: ')' });
  }

  private turnRoutine({ name }: Routine): void {
    this.edits.push({ at: name!.getStart(), end: name!.getStart(), text: '*' });
  }

  private edited(): string {
    const ordered = [...this.edits].sort((a, b) => a.at - b.at || a.end - b.end);
    let text = '';
    let from = 0;
    for (const edit of ordered) {
      text += this.file.text.slice(from, edit.at) + edit.text;
      from = edit.end;
    }
    return text + this.file.text.slice(from);
  }
}

/** `this.memory`, or a parameter or constant `memory`. */
function isMemory(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) {
    return node.name.text === 'memory';
  }
  const isName =
    ts.isIdentifier(node) &&
    !(ts.isPropertyAccessExpression(node.parent) && node.parent.name === node);
  return isName && node.text === 'memory';
}

function isAccess(node: ts.Node): node is ts.PropertyAccessExpression {
  return ts.isPropertyAccessExpression(node) && node.name.text in steps;
}

/**
 * Where the port is declared, assigned, or passed to another constructor. The port that the threads
 * are given has no working access function, so one that stays hidden there throws.
 */
function isHandedOn(node: ts.Node): boolean {
  const { parent } = node;
  const declares =
    ts.isParameter(parent) || ts.isPropertyDeclaration(parent) || ts.isPropertySignature(parent);
  const binds = ts.isBindingElement(parent) || ts.isVariableDeclaration(parent);
  const assigns = ts.isBinaryExpression(parent) && ts.isExpressionStatement(parent.parent);
  const constructs = ts.findAncestor(node, ts.isFunctionLike)?.kind === ts.SyntaxKind.Constructor;
  return declares || binds || assigns || constructs;
}

function isAsync({ kind }: ts.ModifierLike): boolean {
  return kind === ts.SyntaxKind.AsyncKeyword;
}

function isDeclarationName(node: ts.Identifier): boolean {
  const { parent } = node;
  const declares = ts.isMethodDeclaration(parent) || ts.isFunctionDeclaration(parent);
  return declares && parent.name === node;
}

function isCounted(node: ts.PropertyAccessExpression): boolean {
  const { parent } = node;
  const adds =
    ts.isBinaryExpression(parent) &&
    parent.left === node &&
    parent.operatorToken.kind === ts.SyntaxKind.PlusEqualsToken;
  const increments = ts.isPostfixUnaryExpression(parent);
  return (adds || increments) && ts.isExpressionStatement(parent.parent);
}
