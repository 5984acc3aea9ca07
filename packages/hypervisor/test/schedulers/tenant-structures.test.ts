import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PriorityLines } from '../../src/schedulers/priority-lines.ts';
import { RunQueue } from '../../src/schedulers/run-queue.ts';
import { TenantHeap } from '../../src/schedulers/tenant-heap.ts';
import { TenantRing } from '../../src/schedulers/tenant-ring.ts';
import { TenantSet } from '../../src/schedulers/tenant-set.ts';

const SIZE = 11;
const tenant = fc.nat(SIZE - 1);
const operations = fc.array(fc.tuple(tenant, fc.nat(20)), { maxLength: 100 });

function listed(queue: RunQueue): number[] {
  const tenants = [];
  for (let at = queue.first; at !== -1; at = queue.after(at)) {
    tenants.push(at);
  }
  return tenants;
}

describe('RunQueue', () => {
  it('keeps an order, as an array does', () => {
    fc.assert(
      fc.property(operations, (list) => {
        const queue = new RunQueue(SIZE);
        let model: number[] = [];
        for (const [who, what] of list) {
          if (model.includes(who)) {
            queue.remove(who);
            model = model.filter((other) => other !== who);
          } else if (what % 2 === 0) {
            queue.addFirst(who);
            model.unshift(who);
          } else {
            queue.addLast(who);
            model.push(who);
          }
          expect(listed(queue)).toEqual(model);
          expect([queue.first, queue.last]).toEqual([model[0] ?? -1, model.at(-1) ?? -1]);
          expect([queue.isEmpty, queue.has(who)]).toEqual([
            model.length === 0,
            model.includes(who),
          ]);
        }
        const copy = new RunQueue(SIZE);
        copy.load(queue.save());
        expect(listed(copy)).toEqual(model);
      }),
    );
  });
});

describe('PriorityLines', () => {
  it('sorts as a list would whose order does not change but for priorities', () => {
    const priorities = fc.array(fc.nat(2), { minLength: SIZE, maxLength: SIZE });
    fc.assert(
      fc.property(priorities, priorities, fc.uniqueArray(tenant), (before, after, list) => {
        const lines = new PriorityLines(SIZE, 3);
        const byPriority = (order: number[], keys: number[]): number[] =>
          [0, 1, 2].flatMap((priority) => order.filter((who) => keys[who] === priority));
        list.forEach((who) => lines.add(who, before[who]));
        lines.sort(Uint8Array.from(after));
        for (const who of byPriority(byPriority(list, before), after)) {
          expect(lines.first).toBe(who);
          lines.remove(who);
        }
        expect(lines.first).toBe(-1);
      }),
    );
  });
});

describe('TenantHeap', () => {
  it('has the least key first, and of two the lower number', () => {
    fc.assert(
      fc.property(operations, (list) => {
        const heap = new TenantHeap(SIZE);
        const model = new Map<number, number>();
        for (const [who, key] of list) {
          if (key === 0) {
            heap.remove(who);
            model.delete(who);
          } else {
            heap.set(who, key);
            model.set(who, key);
          }
          const [first] = [...model].sort(([a, x], [b, y]) => x - y || a - b);
          expect([heap.first, heap.firstKey]).toEqual(first ?? [-1, Infinity]);
          expect(heap.has(who)).toBe(model.has(who));
        }
        const copy = new TenantHeap(SIZE);
        copy.load(heap.save());
        for (const [who] of [...model].sort(([a, x], [b, y]) => x - y || a - b)) {
          expect(copy.first).toBe(who);
          copy.remove(who);
        }
      }),
    );
  });
});

describe('TenantRing', () => {
  it('finds who is so many places on, from one that is in it or not', () => {
    fc.assert(
      fc.property(operations, fc.integer({ min: -1, max: SIZE - 1 }), (list, from) => {
        const ring = new TenantRing(SIZE);
        const model = new Set<number>();
        for (const [who, steps] of list) {
          if (model.delete(who)) {
            ring.remove(who);
          } else {
            model.add(who);
            ring.add(who);
          }
          expect(ring.count).toBe(model.size);
          if (model.size > 0) {
            const sorted = [...model].sort((a, b) => a - b);
            const behind = sorted.filter((other) => other > from);
            const turned = [...behind, ...sorted.filter((other) => other <= from)];
            expect(ring.after(from, steps + 1)).toBe(turned[steps % turned.length]);
          }
        }
        const copy = new TenantRing(SIZE);
        copy.load(ring.save());
        expect(copy.count).toBe(ring.count);
      }),
    );
  });
});

describe('TenantSet', () => {
  it('counts who is there and who has work', () => {
    const set = new TenantSet(3);
    set.join(0);
    set.join(2);
    set.wake(2);
    expect([set.present, set.awake, set.isPresent(1), set.isAwake(2)]).toEqual([2, 1, false, true]);
    const copy = new TenantSet(3);
    copy.load(set.save());
    expect([copy.present, copy.awake]).toEqual([2, 1]);
  });

  it('rejects calls that do not follow from the last', () => {
    const set = new TenantSet(2);
    expect(() => set.wake(0)).toThrow(
      new RangeError('Tenant 0 is absent, and cannot become awake.'),
    );
    set.join(0);
    expect(() => set.join(0)).toThrow(RangeError);
    expect(() => set.sleep(0)).toThrow(RangeError);
    set.wake(0);
    expect(() => set.wake(0)).toThrow(
      new RangeError('Tenant 0 is awake, and cannot become awake.'),
    );
    expect(() => set.join(2)).toThrow('Tenant 2 is unknown');
  });
});
