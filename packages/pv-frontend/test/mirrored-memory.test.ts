import { eachRange, Publication } from '@doorbell/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MirroredMemory } from '../src/mirrored-memory.ts';
import { IOVA_OFFSET, TestMachine } from './message-harness.ts';

function mirrored(...sizes: number[]) {
  const machine = new TestMachine();
  const published: number[] = [];
  const memory = new MirroredMemory(machine.memory, (iova) => published.push(iova));
  const ranges = sizes.map((bytes) => machine.allocateCoherent(bytes));
  ranges.forEach((range) => {
    memory.mirror(range);
  });
  const gathered = (): [number, number[]][] => {
    const publication = new Publication();
    memory.gather(publication, (iova, bytes) => machine.read(iova, bytes));
    const found: [number, number[]][] = [];
    eachRange(publication.take(), (iova, bytes) => found.push([iova, [...bytes]]));
    return found;
  };
  return { machine, memory, ranges, published, gathered };
}

describe('MirroredMemory', () => {
  it('is the memory beneath', () => {
    const { machine, memory, ranges } = mirrored(64);
    const { address } = ranges[0];
    memory.store32(address, 0x11223344);
    memory.store16(address + 4, 0x5566);
    memory.release16(address + 6, 0x7788);
    memory.copyIn(address + 8, Uint8Array.of(1, 2));
    memory.fence();
    const out = new Uint8Array(10);
    memory.copyOut(address, out);
    expect(out).toEqual(machine.memory.bytes.slice(address, address + 10));
    expect([
      memory.load32(address),
      memory.load16(address + 4),
      memory.acquire16(address + 6),
    ]).toEqual([0x11223344, 0x5566, 0x7788]);
  });

  it('gathers changes of all ranges by IOVA, once', () => {
    const { memory, ranges, gathered } = mirrored(64, 64);
    memory.store16(ranges[1].address + 2, 0x0201);
    memory.store32(ranges[0].address, 7);
    expect(gathered()).toEqual([
      [ranges[0].iova, [7, 0, 0, 0]],
      [ranges[1].iova + 2, [1, 2]],
    ]);
    expect(gathered()).toEqual([]);
  });

  it('gathers nothing past the end of a range, where a write goes on', () => {
    const { memory, ranges, gathered } = mirrored(62);
    memory.copyIn(ranges[0].address + 60, new Uint8Array(8).fill(1));
    expect(gathered()).toEqual([[ranges[0].iova + 60, [1, 1]]]);
  });

  it('publishes by release16 into a range, and nothing else', () => {
    const { memory, ranges, published } = mirrored(64);
    memory.store16(ranges[0].address, 1);
    memory.release16(ranges[0].address + 4, 1);
    memory.release16(memory.allocate(4096), 1);
    expect(published).toEqual([ranges[0].iova + 4]);
  });

  it('does not note what is not mirrored, or no longer', () => {
    const { memory, ranges, gathered } = mirrored(64);
    memory.store32(memory.allocate(4096), 1);
    memory.store32(ranges[0].address, 1);
    memory.release(ranges[0]);
    memory.store32(ranges[0].address, 1);
    expect(gathered()).toEqual([]);
    expect(memory.reaches(ranges[0].iova, 4)).toBe(false);
  });

  it('knows its ranges by IOVA', () => {
    const { memory, ranges } = mirrored(64);
    memory.store16(ranges[0].address + 2, 0x1234);
    const { iova } = ranges[0];
    expect([
      memory.load16At(iova + 2),
      memory.load16At(iova - 2),
      memory.load16At(iova + 63),
    ]).toEqual([0x1234, 0, 0]);
    expect([memory.reaches(iova, 64), memory.reaches(iova + 1, 64)]).toEqual([true, false]);
    expect(iova).toBe(ranges[0].address + IOVA_OFFSET);
  });

  it('makes a copy the same as the memory, whatever was written', () => {
    const write = fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 20 }), fc.nat(2));
    fc.assert(
      fc.property(fc.array(fc.array(write, { maxLength: 8 }), { maxLength: 4 }), (rounds) => {
        const { machine, memory, ranges, gathered } = mirrored(256);
        const { address, iova } = ranges[0];
        const copy = new Uint8Array(256);
        for (const writes of rounds) {
          for (const [at, bytes, how] of writes) {
            if (how === 0) {
              memory.copyIn(address + at, bytes.subarray(0, 256 - at));
            } else if (how === 1) {
              memory.store16(address + (at & ~1), bytes.length * 257);
            } else {
              memory.store32(address + (at & ~3), bytes.length * 65537);
            }
          }
          gathered().forEach(([start, bytes]) => {
            copy.set(bytes, start - iova);
          });
          expect(copy).toEqual(machine.memory.bytes.slice(address, address + 256));
        }
      }),
    );
  });
});
