import { describe, expect, it } from 'vitest';
import { instrument } from './instrument.ts';

/** A class whose body is `body`. */
function half(body: string): string {
  return `class Half {\n  memory: RingMemory;\n${body}\n}`;
}

describe('instrument', () => {
  it('turns an access into a yield, and notes its line and text', () => {
    const { source, sites } = instrument(
      'half.ts',
      half('  a() { return this.memory.load16(4); }'),
    );
    expect(source).toBe(half('  *a() { return (yield $.load16($sites[0], 4)); }'));
    expect(sites).toEqual([{ line: 3, text: 'this.memory.load16(4)' }]);
  });

  it('turns a call of such a method into a yield*, and so on', () => {
    const { source } = instrument(
      'half.ts',
      half('  a() { this.memory.fence(); }\n  b() { this.a(); }\n  c() { this.b(); }\n  d() {}'),
    );
    expect(source).toBe(
      half(
        '  *a() { (yield $.fence($sites[0])); }\n  *b() { (yield* this.a()); }\n  *c() { (yield* this.b()); }\n  d() {}',
      ),
    );
  });

  it('turns what stands in arguments, and keeps every line where it is', () => {
    const body =
      '  a() {\n    this.memory.store16(\n      this.memory.load16(0),\n      this.b(1),\n    );\n  }\n  b() { this.memory.fence(); }';
    const { source, sites } = instrument('half.ts', half(body));
    expect(source).toContain('(yield $.store16($sites[0], \n(yield $.load16($sites[1], 0))');
    expect(source).toContain('(yield* this.b(1))');
    expect(source.split('\n')).toHaveLength(half(body).split('\n').length);
    expect(sites[0].text).toBe('this.memory.store16( this.memory.load16(0), this.b(1), )');
  });

  it('turns functions of the module that are handed the memory', () => {
    const { source } = instrument(
      'half.ts',
      'function read(memory: RingMemory) { return memory.load32(0); }',
    );
    expect(source).toContain('function *read(memory: RingMemory) { return (yield $.load32');
  });

  it('leaves alone what touches no memory', () => {
    const text = half('  a(x: Other) { return x.size; }\n  get b() { return 1; }');
    expect(instrument('half.ts', text).source).toBe(text);
  });

  it('knows the fields that are only ever added to', () => {
    const body =
      '  a() { this.n++; this.m += 2; this.read += 1; return this.read; }\n  b() { return this.c++; }';
    expect([...instrument('half.ts', half(body)).counters]).toEqual(['n', 'm']);
  });

  const access = 'this.memory.load16(0)';
  it.each([
    ['a closure', `  a() { return [1].map(() => ${access}); }`],
    ['a hidden field', '  #a = 1;'],
    ['a getter', `  get a() { return ${access}; }`],
    ['a constructor', `  constructor() { ${access}; }`],
    ['a field', `  a = ${access};`],
    ['an async method', `  async a() { return ${access}; }`],
    ['a generator', `  *a() { yield ${access}; }`],
    ['a nested function', `  a() { function b(memory) { memory.fence(); } b(this.memory); }`],
    ['a name for an access', '  a() { const f = this.memory.load16; return f(0); }'],
    ['another name for memory', '  a() { const m = this.memory; return m.load16(0); }'],
    ['memory handed to a function', '  a() { return read(this.memory); }'],
    [
      'a generator called in a closure',
      `  a() { return ${access}; }\n  b() { return () => this.a(); }`,
    ],
    ['a generator of another object', `  a() { return ${access}; }\n  b(o) { return o.a(); }`],
    ['a generator handed on', `  a() { return ${access}; }\n  b() { return this.a; }`],
    [
      'a generator called in a getter',
      `  a() { return ${access}; }\n  get b() { return this.a(); }`,
    ],
  ])('refuses %s', (_, body) => {
    expect(() => instrument('half.ts', half(body))).toThrow(/^half\.ts:\d+: /);
  });

  it('refuses state outside of the class', () => {
    expect(() => instrument('half.ts', 'let count = 0;')).toThrow(/^half\.ts:1: /);
    expect(instrument('half.ts', 'const SIZE = 4;').source).toBe('const SIZE = 4;');
  });
});
