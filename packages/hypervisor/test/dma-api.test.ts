import { bdf, type Timers } from '@doorbell/abi';
import { expect, test } from 'vitest';
import { directDma, DmaError, hardwareDomain, IommuDma } from '../src/dma-api.ts';
import { invalidations } from '../src/invalidation/index.ts';
import { Iommu, type Domain } from '../src/iommu.ts';
import { HostMemory } from './host-memory.ts';

const GPU = bdf(0, 3, 0);
const KIB4 = 0x1000;

/** One timer on a clock that only `pass` moves. */
class OneTimer implements Timers {
  time = 0;
  due = Infinity;
  fire: () => void = () => undefined;

  now(): number {
    return this.time;
  }
  arm(_id: number, ns: number): void {
    this.due = this.time + ns;
  }
  disarm(): void {
    this.due = Infinity;
  }
  pass(ns: number): void {
    this.time += ns;
    if (this.due <= this.time) {
      this.due = Infinity;
      this.fire();
    }
  }
}

interface Setup {
  readonly iommu: Iommu;
  readonly domain: Domain;
  readonly dma: IommuDma;
  readonly timer: OneTimer;
  readonly memory: HostMemory;
  readonly charged: Record<string, number>;
  reaches(iova: number, write?: boolean): number;
}

function setup(mode: 'strict' | 'deferred', levels: 3 | 4 = 4): Setup {
  const memory = new HostMemory(0x40_0000);
  const trace = { event: () => 0 };
  const costs = { iotlbHit: 0, walkLevel: 0 };
  const iommu = new Iommu({ memory, pages: memory, trace, costs, iotlbEntries: 512 });
  iommu.enabled = true;
  const domain = iommu.createDomain({ levels });
  iommu.attach(GPU, domain);
  const timer = new OneTimer();
  const charged: Record<string, number> = {};
  const charge = (cost: string, times: number): void => {
    charged[cost] = (charged[cost] ?? 0) + times;
  };
  const below = hardwareDomain(iommu, domain, charge);
  const dma = new IommuDma({
    domain: below,
    invalidation: invalidations[mode],
    charge,
    timers: timer,
  });
  timer.fire = () => {
    dma.onTimer();
  };
  const reaches = (iova: number, write = false): number => iommu.translate(GPU, iova, write);
  return { iommu, domain, dma, timer, memory, charged, reaches };
}

test('off: the IOVA is the physical address', () => {
  expect(directDma.map(0x1234, 100, 'both')).toBe(0x1234);
  expect(() => {
    directDma.unmap(0x1234, 100);
  }).not.toThrow();
});

test('a mapping keeps the offset in its page, and lies below 4 GiB', () => {
  const { dma, reaches } = setup('strict');
  const iova = dma.map(0x12_3456, 0x2000, 'both');
  expect(iova).toBe(0xffff_c456);
  expect(reaches(iova)).toBe(0x12_3456);
  expect(reaches(iova + 0x1fff, true)).toBe(0x12_5455);
  expect(reaches(0xffff_f000)).toBe(-1);
});

test('above 4 GiB once what is below is used up', () => {
  const { dma } = setup('strict');
  const gib = 0x4000_0000;
  // The fourth holds the interrupt range, the first page 0.
  expect(dma.map(0, gib, 'both')).toBe(2 * gib);
  expect(dma.map(0, gib, 'both')).toBe(gib);
  expect(dma.map(0, gib, 'both')).toBe(2 ** 48 - gib);
  expect(dma.map(0, 4096, 'both')).toBe(gib - 4096);
});

test.each([
  ['to-device', true, false],
  ['from-device', false, true],
  ['both', true, true],
] as const)('%s allows no more than it says', (direction, reads, writes) => {
  const { dma, reaches } = setup('strict');
  const iova = dma.map(0x8000, 64, direction);
  expect(reaches(iova, false) >= 0).toBe(reads);
  expect(reaches(iova, true) >= 0).toBe(writes);
});

test('the same page may be mapped twice, and each mapping ends for itself', () => {
  const { dma, reaches } = setup('strict');
  const one = dma.map(0x8000, 64, 'both');
  const two = dma.map(0x8040, 64, 'both');
  dma.unmap(one, 64);
  expect(reaches(one)).toBe(-1);
  expect(reaches(two)).toBe(0x8040);
  expect(dma.mappedBytes).toBe(KIB4);
});

test('strict: nothing is reached once unmap has returned', () => {
  const { dma, iommu, reaches, charged } = setup('strict');
  const iova = dma.map(0x8000, 2 * KIB4, 'both');
  expect(reaches(iova)).toBe(0x8000);
  dma.unmap(iova, 2 * KIB4);
  expect(reaches(iova)).toBe(-1);
  expect(reaches(iova + KIB4)).toBe(-1);
  expect(iommu.counts.invalidations).toBe(1);
  expect(charged).toEqual({ 'iommu.mapPage': 4, 'iommu.invalidate': 1 });
  expect(dma.map(0x9000, 2 * KIB4, 'both')).toBe(iova);
});

test('deferred: an unmapped page is still reached, until 10 ms have passed', () => {
  const { dma, timer, iommu, reaches } = setup('deferred');
  const iova = dma.map(0x8000, KIB4, 'both');
  reaches(iova);
  dma.unmap(iova, KIB4);
  expect(reaches(iova, true)).toBe(0x8000);
  expect(dma.pendingBytes).toBe(KIB4);
  timer.pass(9_999_999);
  expect(reaches(iova, true)).toBe(0x8000);
  expect(iommu.counts.invalidations).toBe(0);
  timer.pass(1);
  expect(reaches(iova, true)).toBe(-1);
  expect(dma.pendingBytes).toBe(0);
  expect(iommu.counts.invalidations).toBe(1);
});

test('deferred: an IOVA is not handed out again before the flush', () => {
  const { dma, timer, reaches } = setup('deferred');
  const iova = dma.map(0x8000, KIB4, 'both');
  reaches(iova);
  dma.unmap(iova, KIB4);
  const next = dma.map(0xa000, KIB4, 'both');
  expect(next).toBe(iova - KIB4);
  expect(reaches(next)).toBe(0xa000);
  timer.pass(10_000_000);
  expect(dma.map(0xb000, KIB4, 'both')).toBe(iova);
  expect(reaches(iova)).toBe(0xb000);
});

test('deferred: what waits for the flush is not mapped any more', () => {
  const { dma, timer } = setup('deferred');
  const iova = dma.map(0x8000, KIB4, 'both');
  dma.unmap(iova, KIB4);
  expect(() => {
    dma.unmap(iova, KIB4);
  }).toThrow(DmaError);
  expect(dma.mappedBytes).toBe(0);
  dma.flush();
  expect(timer.due).toBe(Infinity);
});

test('deferred: the timer runs from the first entry of a batch', () => {
  const { dma, timer } = setup('deferred');
  const unmapOne = (): void => {
    dma.unmap(dma.map(0x8000, KIB4, 'both'), KIB4);
  };
  unmapOne();
  timer.pass(6_000_000);
  unmapOne();
  expect(timer.due).toBe(10_000_000);
  timer.pass(4_000_000);
  expect(dma.pendingBytes).toBe(0);
  expect(timer.due).toBe(Infinity);
  unmapOne();
  expect(timer.due).toBe(20_000_000);
});

test('deferred: a full queue is flushed by the next unmap', () => {
  const { dma, iommu, charged, timer } = setup('deferred');
  const iovas = Array.from({ length: 256 }, (_, page) => dma.map(page * KIB4, KIB4, 'both'));
  iovas.slice(0, 255).forEach((iova) => {
    dma.unmap(iova, KIB4);
  });
  expect(dma.pendingBytes).toBe(255 * KIB4);
  expect(iommu.counts.invalidations).toBe(0);
  timer.pass(1000);
  dma.unmap(iovas[255], KIB4);
  expect(dma.pendingBytes).toBe(KIB4);
  expect(iommu.counts.invalidations).toBe(1);
  expect(charged['iommu.invalidate']).toBe(1);
  expect(timer.due).toBe(10_001_000);
});

test.each([
  ['an address that was never mapped', 0x4000, 0x1000],
  ['another length', 0, 0x3000],
  ['the middle of a mapping', 0x1000, 0x1000],
])('%s is not unmapped', (_what, offset, bytes) => {
  const { dma, reaches } = setup('strict');
  const iova = dma.map(0x8000, 0x2000, 'both');
  expect(() => {
    dma.unmap(iova + offset, bytes);
  }).toThrow(DmaError);
  expect(reaches(iova)).toBe(0x8000);
  dma.unmap(iova, 0x2000);
  expect(() => {
    dma.unmap(iova, 0x2000);
  }).toThrow('No mapping of 8192 bytes begins at IOVA 0xffffe000.');
});

test('a full IOVA space is an error, and takes nothing', () => {
  const { dma, domain } = setup('strict', 3);
  const half = 2 ** 38;
  const iova = dma.map(0, half, 'both');
  expect(() => dma.map(0, half, 'both')).toThrow('No IOVA range of 67108864 pages is free.');
  dma.unmap(iova, half);
  expect(domain.table.pageCount).toBe(1);
  expect(dma.mappedBytes).toBe(0);
});

test('deferred: IOVAs that wait for the flush are had before there are none', () => {
  const { dma, timer } = setup('deferred', 3);
  const half = 2 ** 38;
  const iova = dma.map(0, half, 'both');
  dma.unmap(iova, half);
  expect(dma.map(0, half, 'both')).toBe(iova);
  expect(dma.pendingBytes).toBe(0);
  expect(timer.due).toBe(Infinity);
});

test('what the tables refuse takes no IOVA', () => {
  const { dma } = setup('strict');
  expect(() => dma.map(2 ** 46, KIB4, 'both')).toThrow('misaligned or too high');
  expect(dma.map(0x8000, KIB4, 'both')).toBe(0xffff_f000);
});

test('its state is plain data', () => {
  const original = setup('deferred');
  const kept = original.dma.map(0x8000, KIB4, 'both');
  original.dma.unmap(original.dma.map(0x9000, KIB4, 'both'), KIB4);
  const saved = structuredClone(original.dma.save());
  const copy = setup('deferred');
  copy.memory.bytes.set(original.memory.bytes);
  copy.dma.load(saved);
  expect(copy.dma.save()).toEqual(saved);
  expect(copy.dma.map(0xa000, KIB4, 'both')).toBe(original.dma.map(0xa000, KIB4, 'both'));
  copy.dma.unmap(kept, KIB4);
  expect(copy.dma.pendingBytes).toBe(2 * KIB4);
  copy.dma.flush();
  expect(copy.dma.map(0xb000, KIB4, 'both')).toBe(kept);
});
