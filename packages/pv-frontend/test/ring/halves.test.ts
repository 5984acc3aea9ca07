import { Chain, LinearMemory, type RingOptions } from '@doorbell/abi';
import { PackedDeviceQueue, SplitDeviceQueue, type DeviceQueue } from '@doorbell/pv-backend';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DriverQueue } from '../../src/ring/driver-queue.ts';
import { PackedDriverQueue } from '../../src/ring/packed.ts';
import { queueLayout, setupAt } from '../../src/ring/queue-layout.ts';
import { SplitDriverQueue } from '../../src/ring/split.ts';

interface Kind extends RingOptions {
  readonly packed: boolean;
  readonly size: number;
}

interface Request {
  readonly number: number;
  readonly chain: Chain;
}

const ENTRIES = 4;

/** Both halves, and what must come out of them. Every buffer's address is another one. */
class Halves {
  readonly driver: DriverQueue;
  readonly device: DeviceQueue;
  /** Made available, or added, but not seen by the device: in order. */
  private readonly sent: Request[] = [];
  private unpublished = 0;
  /** With the device, by its id. */
  private readonly held = new Map<number, Request>();
  /** Returned by the device, published or not: what was written, by number. */
  private readonly returned = new Map<number, number>();
  /** With the driver's ids. */
  private readonly outstanding = new Map<number, Request>();
  private readonly order: number[] = [];
  private readonly inOrder: boolean;
  private readonly scratch: Chain;
  private numbers = 0;
  private deviceSleeps = false;
  private driverSleeps = false;
  taken = 0;

  constructor({ packed, size, ...options }: Kind) {
    const layout = queueLayout(packed, size, ENTRIES);
    const memory = new LinearMemory(new ArrayBuffer(layout.bytes));
    const setup = setupAt(layout, 0);
    const tables = { address: layout.tables, iova: layout.tables, entries: ENTRIES };
    // Buffers need no memory: the device half asks only whether it reaches them.
    memory.reaches = () => true;
    this.inOrder = options.inOrder;
    this.scratch = new Chain(size + 1024);
    this.driver = packed
      ? new PackedDriverQueue(memory, setup, options, tables)
      : new SplitDriverQueue(memory, setup, options, tables);
    this.device = packed
      ? new PackedDeviceQueue(memory, setup, options)
      : new SplitDeviceQueue(memory, setup, options);
  }

  add(readable: number, writable: number): void {
    const number = this.numbers++;
    const count = Math.min(Math.max(1, readable + writable), this.driver.size);
    const chain = new Chain(count);
    for (let i = 0; i < count; i++) {
      chain.push(number * 2 ** 16 + i, (number % 100) + i, i >= readable);
    }
    const { free } = this.driver;
    const id = this.driver.add(chain);
    if (id < 0) {
      expect(free).toBeLessThan(count);
      return;
    }
    expect(this.outstanding.has(id)).toBe(false);
    this.outstanding.set(id, { number, chain });
    this.sent.push({ number, chain });
    this.order.push(number);
    this.unpublished++;
  }

  publishDriver(): void {
    const notifies = this.driver.publish();
    if (this.unpublished > 0) {
      if (this.deviceSleeps) {
        expect(notifies).toBe(true);
      }
      this.deviceSleeps &&= !notifies;
    } else {
      expect(notifies).toBe(false);
    }
    this.unpublished = 0;
  }

  next(): void {
    const available = this.sent.length - this.unpublished;
    const { scratch } = this;
    expect(this.device.next(scratch)).toBe(available > 0);
    if (available > 0) {
      const request = this.sent.shift()!;
      expect(buffersOf(scratch)).toEqual(buffersOf(request.chain));
      expect(this.held.has(scratch.id)).toBe(false);
      this.held.set(scratch.id, request);
    }
  }

  /** Returns one of the chains that the device holds. */
  put(pick: number, part: number): void {
    const ids = [...this.held.keys()];
    if (ids.length > 0) {
      const id = ids[pick % ids.length];
      const { number, chain } = this.held.get(id)!;
      const written = Math.floor(part * room(chain));
      this.held.delete(id);
      this.returned.set(number, written);
      this.device.put(id, written);
    }
  }

  publishDevice(): void {
    const notifies = this.device.publish();
    if (notifies) {
      this.driverSleeps = false;
    }
  }

  take(): boolean {
    const id = this.driver.take();
    if (id < 0) {
      return false;
    }
    // A used chain means that a sleeping driver was notified.
    expect(this.driverSleeps).toBe(false);
    const request = this.outstanding.get(id)!;
    expect(this.driver.usedLength).toBe(this.returned.get(request.number));
    if (this.inOrder) {
      expect(request.number).toBe(this.order[this.taken]);
    }
    this.outstanding.delete(id);
    this.returned.delete(request.number);
    this.taken++;
    return true;
  }

  sleepDevice(): void {
    const available = this.sent.length - this.unpublished;
    this.deviceSleeps = this.device.enableNotifications();
    expect(this.deviceSleeps).toBe(available === 0);
  }

  sleepDriver(): void {
    this.driverSleeps = this.driver.enableNotifications();
  }

  pollDevice(): void {
    this.deviceSleeps = false;
    this.device.disableNotifications();
  }

  pollDriver(): void {
    this.driverSleeps = false;
    this.driver.disableNotifications();
  }

  /** Passes on all that is in flight; nothing may be left, lost or there twice. */
  drain(): void {
    this.driverSleeps = false;
    this.publishDriver();
    while (this.sent.length > 0) {
      this.next();
    }
    while (this.held.size > 0) {
      this.put(0, 1);
    }
    this.publishDevice();
    while (this.take()) {
      // The next one.
    }
    expect(this.outstanding.size).toBe(0);
    expect(this.returned.size).toBe(0);
    expect(this.taken).toBe(this.order.length);
    expect(this.driver.free).toBe(this.driver.size);
    expect(this.device.descriptors).toBe(this.driver.descriptors);
  }

  /** One chain there and back. */
  cycle(): void {
    this.add(1, 1);
    this.publishDriver();
    this.next();
    this.put(0, 1);
    this.publishDevice();
    this.take();
  }
}

function buffersOf(chain: Chain): unknown {
  return [
    chain.readable,
    [...chain.addresses.subarray(0, chain.count)],
    [...chain.lengths.subarray(0, chain.count)],
  ];
}

function room(chain: Chain): number {
  return chain.lengths.subarray(chain.readable, chain.count).reduce((a, b) => a + b, 0);
}

const steps: readonly fc.Arbitrary<(halves: Halves) => void>[] = [
  fc.tuple(fc.nat(3), fc.nat(3)).map(
    ([readable, writable]) =>
      (halves: Halves) =>
        halves.add(readable, writable),
  ),
  fc.constant((halves: Halves) => halves.publishDriver()),
  fc.constant((halves: Halves) => halves.next()),
  fc.tuple(fc.nat(), fc.constantFrom(0, 0.5, 1, 1)).map(
    ([pick, part]) =>
      (halves: Halves) =>
        halves.put(pick, part),
  ),
  fc.constant((halves: Halves) => halves.publishDevice()),
  fc.constant((halves: Halves) => void halves.take()),
  fc.constant((halves: Halves) => halves.sleepDevice()),
  fc.constant((halves: Halves) => halves.sleepDriver()),
  fc.constant((halves: Halves) => halves.pollDevice()),
  fc.constant((halves: Halves) => halves.pollDriver()),
];

const kinds = (sizes: readonly number[], packed: boolean): fc.Arbitrary<Kind> =>
  fc.record({
    packed: fc.constant(packed),
    size: fc.constantFrom(...sizes),
    indirect: fc.boolean(),
    eventIdx: fc.boolean(),
    inOrder: fc.boolean(),
  });

/** As long as it may be: a queue must fill up, more than once. */
const script = fc.array(fc.oneof(...steps), { maxLength: 300, size: 'max' });

const anyKind = fc.oneof(kinds([1, 2, 4, 8], false), kinds([1, 2, 3, 5, 8], true));

test('what passes through both halves is neither lost nor doubled, and who sleeps is woken', () => {
  fc.assert(
    fc.property(anyKind, script, (kind, acts) => {
      const halves = new Halves(kind);
      for (const step of acts) {
        step(halves);
      }
      halves.drain();
      halves.cycle();
      halves.drain();
    }),
    { numRuns: 500 },
  );
});

test('2.7.13.3: the same around the wrap of the indices at 65536', () => {
  fc.assert(
    fc.property(anyKind, fc.integer({ min: 65_500, max: 65_540 }), script, (kind, before, acts) => {
      const halves = new Halves(kind);
      const ready = new Chain(2);
      ready.push(0, 0, false);
      for (let i = 0; i < before; i++) {
        halves.driver.add(ready);
        halves.driver.publish();
        halves.device.next(ready);
        halves.device.put(ready.id, 0);
        halves.device.publish();
        halves.driver.take();
      }
      for (const step of acts) {
        step(halves);
      }
      halves.drain();
    }),
    { numRuns: 20 },
  );
});

describe('a full queue of 32768', () => {
  const size = 32768;
  const cases = [false, true].flatMap((packed) =>
    [false, true].map((inOrder) => ({ packed, inOrder, size, indirect: false, eventIdx: true })),
  );

  test.each(cases)('wraps (packed: $packed, in order: $inOrder)', (kind) => {
    const { driver, device } = new Halves(kind);
    const chain = new Chain(size);
    chain.push(0, 4, true);
    for (let lap = 0; lap < 5; lap++) {
      let added = 0;
      while (driver.add(chain) >= 0) {
        added++;
      }
      expect(added).toBe(size);
      expect(driver.publish()).toBe(device.enableNotifications() || lap === 0);
      const seen = new Chain(size);
      let served = 0;
      while (device.next(seen)) {
        device.put(seen.id, 4);
        served++;
      }
      expect(served).toBe(size);
      device.publish();
      let taken = 0;
      while (driver.take() >= 0) {
        taken++;
      }
      expect(taken).toBe(size);
      expect(driver.free).toBe(size);
    }
  });
});
