import { eachRange, Publication } from '@doorbell/wire';
import { describe, expect, it, vi } from 'vitest';
import { Mirror } from '../src/mirror.ts';
import { MirroredRange } from '../src/mirrored-range.ts';

/** A mirror of nothing yet; other memory cannot be reached. */
function mirror() {
  const published: number[] = [];
  const asked: string[] = [];
  const remote = {
    read: async (iova: number, into: Uint8Array) => asked.push(`read ${iova} ${into.length}`) < 0,
    write: async (iova: number, bytes: Uint8Array) =>
      asked.push(`write ${iova} ${bytes.length}`) < 0,
    isMapped: (iova: number, bytes: number) => iova + bytes <= 4096,
    full: false,
    drained: async () => {},
  };
  const made = new Mirror(remote, (iova) => published.push(iova));
  return { mirror: made, published, asked };
}

function changes(of: Mirror): [number, number[]][] {
  const publication = new Publication();
  const found: [number, number[]][] = [];
  of.gather(publication);
  eachRange(publication.take(), (iova, bytes) => found.push([iova, [...bytes]]));
  return found;
}

describe('Mirror', () => {
  it('is zero where the driver has written nothing', () => {
    const { mirror: memory } = mirror();
    memory.map(4096, 8);
    expect([memory.load32(4096), memory.load16(4102), changes(memory)]).toEqual([0, 0, []]);
  });

  it('reads 0, takes no stores and publishes nothing where it is not', () => {
    const { mirror: memory, published } = mirror();
    memory.map(4096, 6);
    for (const address of [0, 4092, 4100, 4102, 2 ** 51]) {
      memory.store32(address, 1);
      expect(memory.load32(address)).toBe(0);
    }
    memory.store16(4102, 1);
    memory.release16(2 ** 40, 1);
    expect([memory.load16(4102), changes(memory), published]).toEqual([0, [], [2 ** 40]]);
  });

  it('copies to and from its ranges by itself', async () => {
    const { mirror: memory, asked } = mirror();
    memory.map(2 ** 40, 4096);
    expect(await memory.store(2 ** 40 + 5, Uint8Array.of(1, 2, 3))).toBe(true);
    const into = new Uint8Array(5);
    expect(await memory.fetch(2 ** 40 + 4, into)).toBe(true);
    expect([into, asked]).toEqual([Uint8Array.of(0, 1, 2, 3, 0), []]);
    expect(changes(memory)).toEqual([[2 ** 40 + 5, [1, 2, 3]]]);
  });

  it('asks the driver for what is not in one range', async () => {
    const { mirror: memory, asked } = mirror();
    memory.map(4096, 4096);
    expect(await memory.fetch(8190, new Uint8Array(4))).toBe(false);
    expect(await memory.store(100, new Uint8Array(1))).toBe(false);
    expect(asked).toEqual(['read 8190 4', 'write 100 1']);
  });

  it("does not send the driver's own changes back", () => {
    const { mirror: memory } = mirror();
    memory.map(4096, 64);
    const data = Uint8Array.of(1, 2, 3);
    memory.apply({ count: 1, addresses: Float64Array.of(4097), lengths: Uint32Array.of(3), data });
    memory.store16(4104, 0x0605);
    expect(memory.load32(4096)).toBe(0x03020100);
    expect(changes(memory)).toEqual([[4104, [5, 6]]]);
  });

  it('may fetch what is mapped, and nothing from anywhere', () => {
    const { mirror: memory } = mirror();
    expect([memory.mayFetch(4000, 96), memory.mayFetch(4000, 97)]).toEqual([true, false]);
    expect(memory.mayFetch(2 ** 51, 0)).toBe(true);
  });

  it('finds each of many ranges, in whatever order they came', () => {
    const { mirror: memory } = mirror();
    const places = Array.from({ length: 256 }, (_, index) => 8192 * ((index * 37) % 256));
    places.forEach((iova) => {
      memory.map(iova, 4096);
    });
    places.forEach((iova, index) => {
      memory.store32(iova, index + 1);
    });
    expect(places.map((iova) => memory.load32(iova))).toEqual(places.map((_, index) => index + 1));
    expect(places.some((iova) => memory.reaches(iova + 4096, 2))).toBe(false);
    expect(places.every((iova) => memory.unmap(iova, 4096))).toBe(true);
    expect(memory.bytesHeld).toBe(0);
  });

  it('compares a change with few of many ranges', () => {
    const { mirror: memory } = mirror();
    for (let index = 0; index < 256; index++) {
      memory.map(8192 * index, 4096);
    }
    const holds = vi.spyOn(MirroredRange.prototype, 'holds');
    const count = 512;
    const addresses = Float64Array.from({ length: count }, (_, i) => 8192 * (255 - (i % 2)));
    const lengths = new Uint32Array(count).fill(1);
    memory.apply({ count, addresses, lengths, data: new Uint8Array(count) });
    expect(holds.mock.calls.length).toBeLessThanOrEqual(2 * count);
    holds.mockRestore();
  });

  it('takes ranges that touch, and none that overlap', () => {
    const { mirror: memory } = mirror();
    memory.map(8192, 4096);
    memory.map(4096, 4096);
    expect(() => {
      memory.map(4096, 4097);
    }).toThrow(/overlaps/);
    expect([memory.reaches(4096, 4096), memory.reaches(8190, 4), memory.bytesHeld]).toEqual([
      true,
      false,
      8192,
    ]);
    expect([memory.unmap(4096, 4096), memory.unmap(4096, 4096), memory.bytesHeld]).toEqual([
      true,
      false,
      4096,
    ]);
  });
});
