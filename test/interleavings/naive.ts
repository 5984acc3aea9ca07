/**
 * The memory models once more, as plainly as they can be written: no states that are known again,
 * no order left out. What the explorer is compared with; good for a handful of accesses.
 */
import type { Model } from './explorer.ts';

export type Op =
  | { readonly kind: 'load'; readonly address: number }
  | { readonly kind: 'store'; readonly address: number; readonly value: number }
  | { readonly kind: 'fence' };

interface Side {
  readonly left: readonly Op[];
  readonly loaded: readonly number[];
  /** Stores that are not visible yet, the oldest first. */
  readonly buffer: readonly (readonly [number, number])[];
}

type Memory = ReadonlyMap<number, number>;

/** Every way in which two programs can end: what each has loaded, in order. */
export function enumerate(model: Model, first: readonly Op[], second: readonly Op[]): Set<string> {
  const found = new Set<string>();
  const start = (left: readonly Op[]): Side => ({ left, loaded: [], buffer: [] });
  walk(model, new Map(), [start(first), start(second)], found);
  return found;
}

function walk(
  model: Model,
  memory: Memory,
  sides: readonly [Side, Side],
  found: Set<string>,
): void {
  let stopped = true;
  for (const index of [0, 1] as const) {
    const nexts = [...steps(model, memory, sides[index]), ...flushes(memory, sides[index])];
    for (const [after, side] of nexts) {
      stopped = false;
      walk(model, after, index === 0 ? [side, sides[1]] : [sides[0], side], found);
    }
  }
  if (stopped) {
    found.add(sides.map(({ loaded }) => loaded.join('')).join(' '));
  }
}

function steps(model: Model, memory: Memory, side: Side): (readonly [Memory, Side])[] {
  const [op, ...left] = side.left;
  if (op === undefined || (op.kind === 'fence' && side.buffer.length > 0)) {
    return [];
  }
  if (op.kind === 'fence') {
    return [[memory, { ...side, left }]];
  }
  if (op.kind === 'load') {
    const own = side.buffer.findLast(([address]) => address === op.address);
    const value = own === undefined ? (memory.get(op.address) ?? 0) : own[1];
    return [[memory, { ...side, left, loaded: [...side.loaded, value] }]];
  }
  if (model === 'sc') {
    return [[new Map(memory).set(op.address, op.value), { ...side, left }]];
  }
  return [[memory, { ...side, left, buffer: [...side.buffer, [op.address, op.value]] }]];
}

function flushes(memory: Memory, side: Side): (readonly [Memory, Side])[] {
  const [oldest, ...buffer] = side.buffer;
  return oldest === undefined ? [] : [[new Map(memory).set(...oldest), { ...side, buffer }]];
}
