import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventQueue } from '../src/event-queue.ts';

describe('EventQueue', () => {
  it('gives timers in order of time, and ties in order of arming', () => {
    const operation = fc.record({
      slot: fc.nat(30),
      time: fc.nat(20),
      what: fc.constantFrom('arm', 'arm', 'arm', 'disarm', 'pop'),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const queue = new EventQueue();
        queue.reserve(31);
        let model: { slot: number; time: number }[] = [];
        const first = (): { slot: number; time: number } | undefined =>
          model.reduce<{ slot: number; time: number } | undefined>(
            (best, next) => (best === undefined || next.time < best.time ? next : best),
            undefined,
          );
        for (const { slot, time, what } of operations) {
          if (what === 'pop') {
            const expected = first();
            expect(queue.nextTime).toBe(expected?.time ?? Infinity);
            if (expected !== undefined) {
              expect(queue.pop()).toBe(expected.slot);
              model = model.filter((entry) => entry !== expected);
            }
            continue;
          }
          model = model.filter((entry) => entry.slot !== slot);
          if (what === 'arm') {
            model.push({ slot, time });
            queue.arm(slot, time, 0, 0);
          } else {
            queue.disarm(slot);
          }
        }
      }),
    );
  });

  it('grows beyond its first size and keeps what is armed', () => {
    const queue = new EventQueue();
    const first = queue.reserve(60);
    queue.arm(first + 59, 7, 0, 0);
    const later = queue.reserve(1000);
    queue.arm(later + 999, 5, 0, 0);
    expect([queue.pop(), queue.pop()]).toEqual([later + 999, first + 59]);
  });

  it('loads what it saved, also after it went on', () => {
    const queue = new EventQueue();
    queue.reserve(8);
    queue.arm(1, 30, 11, 12);
    queue.arm(2, 10, 21, 22);
    const state = queue.save();
    queue.pop();
    queue.arm(3, 1, 0, 0);
    queue.load(state);
    expect(queue.nextTime).toBe(10);
    expect(queue.pop()).toBe(2);
    expect(queue.pop()).toBe(1);
    expect([queue.requestOf(1), queue.causeOf(1)]).toEqual([11, 12]);
    expect(queue.nextTime).toBe(Infinity);
  });
});
