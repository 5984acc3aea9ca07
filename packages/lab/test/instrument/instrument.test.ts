import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Tracer } from '@doorbell/hypervisor';
import ts from 'typescript';
import { afterEach, describe, expect, it } from 'vitest';
import { instrument } from '../../src/instrument/instrument.ts';
import { parse } from '../../src/instrument/syntax.ts';
import { followSource, ignoreSource } from '../../src/source/hook.ts';
import { evaluate } from './evaluate.ts';

const packages = fileURLToPath(new URL('../../../', import.meta.url));
const drivers = ['guest-driver', 'pv-frontend'].flatMap((driver) =>
  readdirSync(`${packages}${driver}/src`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${driver}/src/${name}`),
);

const options = { file: 'a.ts', hook: '@doorbell/lab/source' };

function tree(code: string): ts.SourceFile {
  return ts.createSourceFile('a.ts', code, ts.ScriptTarget.ES2023, true);
}

/** What a debugger stops at, as TypeScript's own parser has it: the statements of functions. */
function steps(node: ts.Node, inFunction = false): ts.Node[] {
  const found = inFunction && isStep(node) ? [node] : [];
  ts.forEachChild(node, (child) => {
    found.push(...steps(child, inFunction || ts.isFunctionLike(node)));
  });
  return found;
}

function isStep(node: ts.Node): boolean {
  const isSimple =
    ts.isVariableStatement(node) ||
    ts.isExpressionStatement(node) ||
    ts.isReturnStatement(node) ||
    ts.isThrowStatement(node) ||
    ts.isBreakOrContinueStatement(node);
  const isCompound =
    ts.isIfStatement(node) || ts.isTryStatement(node) || ts.isSwitchStatement(node);
  return isSimple || isCompound || ts.isIterationStatement(node, false);
}

/** Whether a call stands before it: as a statement, or in the condition of a loop. */
function isCovered(node: ts.Node): boolean {
  if (ts.isWhileStatement(node) || ts.isDoStatement(node)) {
    return node.expression.getText().startsWith('($source.at(');
  }
  const holder = node.parent;
  const siblings =
    ts.isBlock(holder) || ts.isCaseOrDefaultClause(holder) ? [...holder.statements] : [];
  const before = siblings[siblings.findIndex((each) => each === node) - 1];
  return before?.getText().startsWith('$source.at(');
}

/** What was put in itself. */
function isPutIn(node: ts.Node): boolean {
  const text = node.getText();
  const isWrapper =
    ts.isTryStatement(node) && text.endsWith('finally { $source.leave(undefined, $caller); }');
  const starts = ['$source.at(', '$source.leave(', 'let $caller = '];
  return isWrapper || starts.some((start) => text.startsWith(start));
}

describe('the drivers', () => {
  it.each(drivers)('%s has a call before every statement, and keeps every line', (file) => {
    const code = readFileSync(`${packages}${file}`, 'utf8');
    const made = instrument(code, { ...options, file });
    const after = tree(made.code);
    expect(() => parse(file, made.code)).not.toThrow();
    expect(after.getLineStarts()).toHaveLength(code.split('\n').length);
    const bare = steps(after).filter((node) => !isPutIn(node) && !isCovered(node));
    expect(bare.map((node) => node.getText())).toEqual([]);
    const before = tree(code);
    const lines = steps(before).map((step) => {
      const first = ts.isDoStatement(step) ? step.expression : step;
      return before.getLineAndCharacterOfPosition(first.getStart()).line + 1;
    });
    expect(made.lines).toEqual(expect.arrayContaining(lines));
  });
});

describe('the line', () => {
  afterEach(() => {
    ignoreSource();
  });

  /** Each probe gives the tracer's line and the one that a stack trace has. */
  function follow(program: string): { run: unknown; seen: [number, number][]; tracer: Tracer } {
    const seen: [number, number][] = [];
    const tracer = new Tracer(() => 0);
    const probe = (value: unknown): unknown => {
      const frame = new RegExp(`${file}:(\\d+)`).exec(new Error().stack ?? '');
      const at = log?.lines[tracer.line];
      seen.push([at?.file === file ? at.line : 0, Number(frame?.[1])]);
      return value;
    };
    const { result: run, file } = evaluate(program, { probe });
    const log = followSource(tracer);
    return { run, seen, tracer };
  }

  async function check(program: string): Promise<number> {
    const { run, seen, tracer } = follow(program);
    if (typeof run !== 'function') {
      throw new Error('A program returns a function.');
    }
    const ended: unknown = Reflect.apply(run, undefined, []);
    expect(tracer.line).toBe(0);
    await ended;
    expect(tracer.line).toBe(0);
    for (const [line, witness] of seen) {
      expect(line).toBe(witness);
    }
    return seen.length;
  }

  it('is that of the statement, after calls within it and in the parts of loops', async () => {
    const probes = await check(`
      function inner(x) {
        probe();
        return probe(x);
      }
      const arrow = (x) => probe(inner(x));
      const record = { get field() {
        return inner(1);
      } };
      export default function run() {
        probe(inner(1) + probe(arrow(2)) + inner(3));
        probe(record.field + probe(1));
        for (let i = probe(0);
          probe(inner(i) < 2);
          probe(i++)
        ) {
          inner(i);
          if (i === 1) continue;
          probe();
        }
        let n = 3;
        while (probe(inner(--n)))
          inner(n);
        do {
          inner(n);
          n++;
        } while (probe(n < 2));
        for (const x of probe([1, 2])) inner(x);
        [1, 2].forEach((x) => {
          probe(inner(x) + probe(1));
        });
        switch (probe(2)) {
          case inner(1):
            probe();
            break;
          default:
            probe();
        }
        outer: for (;;) {
          for (;;) {
            probe();
            break outer;
          }
        }
        if (probe(inner(0))) probe();
        else if (probe(inner(1))) probe();
        else probe();
      }
    `);
    expect(probes).toBeGreaterThan(60);
  });

  it('is right again after what throws', async () => {
    await check(`
      function fails() {
        probe();
        throw new Error('no');
      }
      class Thing {
        ready = () => probe(1);
        constructor() {
          probe(this.ready());
        }
      }
      export default function run() {
        try {
          probe(new Thing()) && fails();
        } catch {
          probe();
        } finally {
          probe();
        }
        const got = [1].map((x) => { try { return fails(); } catch { return probe(x); } });
        probe(got);
      }
    `);
  });

  it("is the task's own when it goes on, and nobody's between", async () => {
    await check(`
      const later = async (x) => { await null; return probe(x); };
      async function deep(x) {
        probe(x);
        const y = probe(await later(x)) + probe(await later(1));
        return probe(y);
      }
      async function rejects() {
        await later(1);
        throw new Error('no');
      }
      export default async function run() {
        const both = [deep(1), probe(deep(2))];
        probe();
        probe(await Promise.all(both));
        try {
          probe(await rejects());
        } catch {
          probe();
        }
        while (probe(await later(false)) || probe(false)) probe();
        return probe(await deep(3));
      }
    `);
  });
});

describe('what is put in', () => {
  it.each([
    ['function* f() { yield 1; }', 'a generator'],
    ['async function f(x: any) { for await (const y of x) { y(); } }', 'a for await'],
    ['class A { static { f(); } }', 'a static block'],
    ['namespace N { export const a = 1; }', 'a namespace'],
  ])('is refused: %s', (code, what) => {
    expect(() => instrument(`\n${code}`, options)).toThrow(
      `a.ts:2: ${what} cannot be followed by source line.`,
    );
  });

  it('is refused where it could not run, or its names are taken', () => {
    expect(() => instrument('\n\nawait f();', options)).toThrow('a.ts:3: an await outside');
    expect(() => instrument('const $source = 1;', options)).toThrow('uses the name $source');
    expect(() => instrument('\nconst = 1;', options)).toThrow(/^a\.ts:2: /);
  });

  it('stays behind directives, and reads no local before it is there', () => {
    const { code } = instrument(
      "function f(a) { 'use strict'; g(() => { b(); }); const c = h(() => { d(); }); e(); }",
      options,
    );
    expect(code).toContain("{ 'use strict'; let $caller");
    expect(code).toContain('$source.at(0, () => ({ a })); d();');
    expect(code).toContain('$source.at(0, () => ({ a, c })); e();');
  });
});
