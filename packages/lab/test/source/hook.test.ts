import { Tracer } from '@doorbell/hypervisor';
import { afterEach, expect, it, vi } from 'vitest';
import { followSource, ignoreSource, sourceOf } from '../../src/source/hook.ts';

afterEach(() => {
  ignoreSource();
});

function tracer(): Tracer {
  const made = new Tracer(() => 0);
  made.recording = true;
  return made;
}

it('logs nothing where no driver is instrumented', async () => {
  vi.resetModules(); // drivers of the files before this one may be
  const fresh = await import('../../src/source/hook.ts');
  expect(fresh.followSource(tracer())).toBeUndefined();
});

it('logs statements with their lines and locals, and marks what happens on them', () => {
  const source = sourceOf('a/src/ring.ts', [10, 20]);
  const events = tracer();
  const log = followSource(events)!;
  source.at(1, () => ({ tail: 5 }));
  events.event('mmioWrite', 1, 2);
  source.at(0);
  expect([...events].map(({ kind, line }) => [kind, log.lines[line]])).toEqual([
    ['statement', { file: 'a/src/ring.ts', line: 20 }],
    ['mmioWrite', { file: 'a/src/ring.ts', line: 20 }],
    ['statement', { file: 'a/src/ring.ts', line: 10 }],
  ]);
  expect(events.at(1).a).toBe(events.at(1).line);
  expect([...log.locals]).toEqual([[1, 'tail = 5']]);
});

it("goes back to the caller's line, and on with a statement's own", () => {
  const source = sourceOf('a/src/queue.ts', [1, 2]);
  const events = tracer();
  const log = followSource(events)!;
  source.at(0);
  const caller = source.enter();
  source.at(1);
  expect(source.leave('given', caller)).toBe('given');
  expect(log.lines[events.line].line).toBe(1);
  expect(source.back(1, 'waited')).toBe('waited');
  expect(log.lines[events.line].line).toBe(2);
});

it('tells files apart, and hears one tracer at a time', () => {
  const one = sourceOf('a/src/one.ts', [1]);
  const two = sourceOf('b/src/two.ts', [1]);
  const [first, second] = [tracer(), tracer()];
  const before = followSource(first)!;
  one.at(0, () => ({ x: 1 }));
  const after = followSource(second)!;
  two.at(0, () => ({ x: 2 }));
  ignoreSource();
  one.at(0, () => ({ x: 3 }));
  expect(before.lines[first.at(1).line].file).toBe('a/src/one.ts');
  expect(after.lines[second.at(1).line].file).toBe('b/src/two.ts');
  expect([first.count, second.count]).toEqual([1, 1]);
  expect([[...before.locals], [...after.locals]]).toEqual([[[1, 'x = 1']], [[1, 'x = 2']]]);
});

it('reads no locals while nothing is recorded', () => {
  const source = sourceOf('a/src/off.ts', [1]);
  const off = new Tracer(() => 0);
  followSource(off);
  source.at(0, () => {
    throw new Error('They were read.');
  });
  expect(off.count).toBe(0);
});

it('refuses more lines than a trace can tell apart', () => {
  const lines = Array.from({ length: 0x10000 }, (_, line) => line + 1);
  expect(() => sourceOf('a/src/long.ts', lines)).toThrow(RangeError);
});
