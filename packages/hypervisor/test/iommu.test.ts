import { bdf, type Trace } from '@doorbell/abi';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { Iommu, type Domain, type IommuOptions } from '../src/iommu.ts';
import { HostMemory } from './host-memory.ts';

const both = { read: true, write: true };
const readOnly = { read: true, write: false };
const writeOnly = { read: false, write: true };
const GPU = bdf(0, 3, 0);
const KIB4 = 0x1000;
const MIB2 = 0x20_0000;
const GIB = 0x4000_0000;

let memory: HostMemory;
let events: string[];

function build(options: Partial<IommuOptions> = {}): Iommu {
  memory = new HostMemory(0x20_0000);
  events = [];
  const trace: Trace = {
    event: (kind, a, b) => events.push(`${kind} ${a.toString(16)} ${b.toString(16)}`),
  };
  const costs = { iotlbHit: 1, walkLevel: 100 };
  const iommu = new Iommu({ memory, pages: memory, trace, costs, ...options });
  iommu.enabled = true;
  return iommu;
}

/** An IOMMU with the GPU attached: 0x5000 reaches 0x700000. Root table 0x10000, domain's 0x11000, context table 0x12000. */
function attached(options: Partial<IommuOptions> = {}): { iommu: Iommu; domain: Domain } {
  const iommu = build(options);
  const domain = iommu.createDomain({ levels: 3 });
  iommu.attach(GPU, domain);
  domain.table.map(0x5000, 0x70_0000, KIB4, both);
  return { iommu, domain };
}

let iommu: Iommu;
let domain: Domain;
beforeEach(() => {
  ({ iommu, domain } = attached());
});

test('9.1, 9.3: root and context entry lead to the table of the domain', () => {
  // Typed in from VT-d 3.3 §9.1 and §9.3. Context entry: P, second stage; 39 bits, domain 1.
  expect(memory.dump(0x10000, 16)).toBe('01 20 01 00 00 00 00 00 00 00 00 00 00 00 00 00');
  expect(memory.dump(0x12180, 16)).toBe('01 10 01 00 00 00 00 00 01 01 00 00 00 00 00 00');
  expect(memory.dump(0x12000, 0x180)).toMatch(/^(00 )*00$/);
});

test('10.4.6: tells the root table for RTADDR', () => {
  expect(iommu.rootTable).toBe(0x10000);
});

test('9.3: 48 bits have a code of their own', () => {
  const other = build();
  const wide = other.createDomain();
  other.attach(bdf(0, 0, 1), wide);
  expect(memory.dump(0x12010, 16)).toBe('01 10 01 00 00 00 00 00 02 01 00 00 00 00 00 00');
});

test('a mapped address is translated', () => {
  expect(iommu.translate(GPU, 0x5123, false)).toBe(0x70_0123);
  expect(iommu.translate(GPU, 0x5ffc, true)).toBe(0x70_0ffc);
});

test('a large page is one translation', () => {
  domain.table.map(GIB, 2 * GIB, GIB, both);
  domain.table.map(MIB2, 4 * MIB2, MIB2, both);
  expect(iommu.translate(GPU, GIB + 0x1234_5678, true)).toBe(2 * GIB + 0x1234_5678);
  expect(iommu.translate(GPU, MIB2 + 1, false)).toBe(4 * MIB2 + 1);
  iommu.translate(GPU, 2 * GIB - 4, false);
  iommu.translate(GPU, 2 * MIB2 - 4, false);
  expect(iommu.counts).toMatchObject({ iotlbHits: 2, iotlbMisses: 2 });
});

test('a miss reads root, context and each level once; a hit reads nothing', () => {
  iommu.translate(GPU, 0x5000, false);
  expect(iommu.takeLatency()).toBe(500);
  iommu.translate(GPU, 0x5800, true);
  expect(iommu.takeLatency()).toBe(1);
  domain.table.map(0x6000, 0x1000, KIB4, both);
  iommu.translate(GPU, 0x6000, false);
  expect(iommu.takeLatency()).toBe(300);
  expect(iommu.takeLatency()).toBe(0);
  expect(iommu.counts).toEqual({ iotlbHits: 1, iotlbMisses: 2, faults: 0, invalidations: 0 });
  expect(events).toEqual(['iotlbMiss 5000 3', 'iotlbMiss 6000 3']);
});

test('reading and writing are allowed apart, also by what the IOTLB holds', () => {
  domain.table.map(0x6000, 0x1000, KIB4, readOnly);
  domain.table.map(0x7000, 0x2000, KIB4, writeOnly);
  for (let again = 0; again < 2; again++) {
    expect(iommu.translate(GPU, 0x6000, false)).toBe(0x1000);
    expect(iommu.translate(GPU, 0x6000, true)).toBe(-1);
    expect(iommu.translate(GPU, 0x7000, true)).toBe(0x2000);
    expect(iommu.translate(GPU, 0x7000, false)).toBe(-1);
  }
  expect(iommu.faults().map(({ reason }) => reason)).toEqual([5, 6, 5, 6]);
});

test('7.1.3: permissions of all levels are taken together', () => {
  // The directory entry of the first 2 MiB loses W.
  memory.poke(0x13000, memory.words[0x13000 / 4] & ~2);
  expect(iommu.translate(GPU, 0x5000, true)).toBe(-1);
  expect(iommu.translate(GPU, 0x5000, false)).toBe(0x70_0000);
  expect(iommu.translate(GPU, 0x5000, true)).toBe(-1);
  expect(iommu.faults().map(({ reason }) => reason)).toEqual([5, 5]);
});

test('a fault names requester, page, access and reason, and is an event', () => {
  expect(iommu.translate(GPU, 0x9abc, true)).toBe(-1);
  expect(iommu.faults()).toEqual([{ requester: GPU, iova: 0x9000, write: true, reason: 5 }]);
  expect(events).toEqual(['iotlbMiss 9abc 3', 'iommuFault 9abc 5']);
  expect(iommu.counts.faults).toBe(1);
  iommu.clearFaults();
  expect(iommu.faults()).toEqual([]);
});

test('a function that is not attached can touch nothing', () => {
  const sibling = bdf(0, 3, 1);
  const elsewhere = bdf(1, 0, 0);
  expect(iommu.translate(sibling, 0x5000, false)).toBe(-1);
  expect(iommu.translate(elsewhere, 0x5000, false)).toBe(-1);
  expect(iommu.faults().map(({ requester, reason }) => [requester, reason])).toEqual([
    [sibling, 2],
    [elsewhere, 1],
  ]);
});

test('a function that was detached can touch nothing, whatever was cached', () => {
  iommu.translate(GPU, 0x5000, false);
  iommu.detach(GPU);
  expect(iommu.translate(GPU, 0x5000, false)).toBe(-1);
  expect(iommu.faults()[0]?.reason).toBe(1);
  iommu.detach(GPU);
  iommu.attach(GPU, domain);
  expect(iommu.translate(GPU, 0x5000, false)).toBe(0x70_0000);
});

test('no translation outlives a detach', () => {
  iommu.translate(GPU, 0x5000, false);
  iommu.detach(GPU);
  domain.table.unmap(0x5000, KIB4);
  domain.table.map(0x5000, 0x80_0000, KIB4, both);
  iommu.attach(GPU, domain);
  expect(iommu.translate(GPU, 0x5000, false)).toBe(0x80_0000);
});

test('domains do not see each other', () => {
  const other = iommu.createDomain({ levels: 3 });
  const nic = bdf(2, 0, 0);
  iommu.attach(nic, other);
  other.table.map(0x5000, 0x9000, KIB4, both);
  expect(iommu.translate(GPU, 0x5000, false)).toBe(0x70_0000);
  expect(iommu.translate(nic, 0x5000, false)).toBe(0x9000);
  expect(iommu.translate(GPU, 0x5000, false)).toBe(0x70_0000);
});

test('functions whose context cache lines coincide are told apart', () => {
  const other = iommu.createDomain();
  const twin = GPU ^ 0x0101;
  iommu.attach(twin, other);
  for (let again = 0; again < 2; again++) {
    expect(iommu.translate(GPU, 0x5000, false)).toBe(0x70_0000);
    expect(iommu.translate(twin, 0x5000, false)).toBe(-1);
  }
});

test('an address with more bits than the domain is refused', () => {
  expect(iommu.translate(GPU, 2 ** 39, false)).toBe(-1);
  expect(iommu.translate(GPU, 2 ** 39 + 0x5000, true)).toBe(-1);
  expect(iommu.faults().map(({ iova, reason }) => [iova, reason])).toEqual([
    [2 ** 39, 4],
    [2 ** 39 + 0x5000, 4],
  ]);
});

test('LGN.4: the interrupt range is refused and recorded, mapped or not, whoever asks', () => {
  const stranger = bdf(9, 0, 0);
  domain.table.map(0xfec0_0000, 0x20_0000, 2 * MIB2, both);
  expect(iommu.translate(GPU, 0xfee0_1abc, true)).toBe(-1);
  expect(iommu.translate(GPU, 0xfee0_0000, false)).toBe(-1);
  expect(iommu.translate(stranger, 0xfeef_fffc, true)).toBe(-1);
  expect(iommu.faults()).toEqual([
    { requester: GPU, iova: 0xfee0_1000, write: true, reason: 0xe },
    { requester: GPU, iova: 0xfee0_0000, write: false, reason: 0xe },
    { requester: stranger, iova: 0xfeef_f000, write: true, reason: 0xe },
  ]);
  expect(iommu.counts).toMatchObject({ faults: 3, iotlbMisses: 0 });
  expect(iommu.translate(GPU, 0xfedf_fffc, true)).toBe(0x3f_fffc);
  expect(iommu.translate(GPU, 0xfef0_0000, true)).toBe(0x50_0000);
});

test('LGN.4: a page within the interrupt range is refused and recorded, walked or cached', () => {
  domain.table.map(0, 0xfee0_0000, 0x1000, both);
  domain.table.map(GIB, 0xfec0_0000, 2 * MIB2, both);
  for (let again = 0; again < 2; again++) {
    expect(iommu.translate(GPU, 0, true)).toBe(-1);
    expect(iommu.translate(GPU, GIB + MIB2 + 0xf_fffc, false)).toBe(-1);
    expect(iommu.translate(GPU, GIB + MIB2 + 0x10_0000, false)).toBe(0xfef0_0000);
  }
  expect(iommu.faults().map(({ iova, reason }) => [iova, reason])).toEqual([
    [0, 0xe],
    [GIB + MIB2 + 0xf_f000, 0xe],
    [0, 0xe],
    [GIB + MIB2 + 0xf_f000, 0xe],
  ]);
});

test('while it is off, every address passes', () => {
  iommu.enabled = false;
  expect(iommu.translate(bdf(9, 0, 0), 0x9000, true)).toBe(0x9000);
  expect(iommu.takeLatency()).toBe(0);
});

test('a function cannot be attached twice', () => {
  expect(() => iommu.attach(GPU, domain)).toThrow('00:03.0 is attached to a domain already.');
});

test('a domain in use is not destroyed; afterwards nothing is left of it', () => {
  expect(() => iommu.destroyDomain(domain)).toThrow('Domain 1 is still used by 00:03.0.');
  iommu.translate(GPU, 0x5000, false);
  iommu.detach(GPU);
  iommu.destroyDomain(domain);
  expect(memory.inUse).toBe(1);
  const next = iommu.createDomain();
  expect(next.id).toBe(1);
  iommu.attach(GPU, next);
  expect(iommu.translate(GPU, 0x5000, false)).toBe(-1);
});

test('the context table of a bus stays while one of its functions is attached', () => {
  const sibling = bdf(0, 3, 1);
  iommu.attach(sibling, domain);
  iommu.detach(GPU);
  expect(iommu.translate(sibling, 0x5000, false)).toBe(0x70_0000);
  expect(memory.dump(0x12180, 4)).toBe('00 00 00 00');
});

// ---------------------------------------------------------------------------- invalidation

test('an unmapped page is reached until it is invalidated', () => {
  iommu.translate(GPU, 0x5000, false);
  domain.table.unmap(0x5000, KIB4);
  expect(iommu.translate(GPU, 0x5000, true)).toBe(0x70_0000);
  iommu.invalidatePages(domain, 0x5000, KIB4);
  expect(iommu.translate(GPU, 0x5000, true)).toBe(-1);
});

test('a page that was never looked up is gone at once', () => {
  domain.table.unmap(0x5000, KIB4);
  expect(iommu.translate(GPU, 0x5000, true)).toBe(-1);
});

test('6.5: an invalidation takes an aligned power of two of pages', () => {
  for (const page of [3, 4, 6, 7, 8]) {
    domain.table.map(0x10_0000 + page * KIB4, page * KIB4, KIB4, both);
    iommu.translate(GPU, 0x10_0000 + page * KIB4, false);
  }
  domain.table.unmap(0x10_0000, 16 * KIB4);
  iommu.invalidatePages(domain, 0x10_5000, 2 * KIB4);
  const reached = [3, 4, 6, 7, 8].filter(
    (page) => iommu.translate(GPU, 0x10_0000 + page * KIB4, false) >= 0,
  );
  expect(reached).toEqual([3, 8]);
  expect(events).toContain('iotlbFlush 104000 4000');
});

test('a range beyond what a page-selective invalidation can name takes the domain', () => {
  iommu.translate(GPU, 0x5000, false);
  iommu.invalidatePages(domain, 2 * GIB - KIB4, 2 * KIB4);
  expect(events).toContain('iotlbFlush 0 1000000000000');
  iommu.translate(GPU, 0x5000, false);
  expect(iommu.counts).toMatchObject({ iotlbMisses: 2, invalidations: 1 });
});

test('an invalidation of a domain leaves other domains', () => {
  const other = iommu.createDomain();
  const nic = bdf(2, 0, 0);
  iommu.attach(nic, other);
  other.table.map(0x5000, 0x9000, KIB4, both);
  const misses = (): number => {
    const before = iommu.counts.iotlbMisses;
    iommu.translate(GPU, 0x5000, false);
    iommu.translate(nic, 0x5000, false);
    return iommu.counts.iotlbMisses - before;
  };
  expect(misses()).toBe(2);
  expect(misses()).toBe(0);
  iommu.invalidateDomain(other);
  expect(misses()).toBe(1);
});

test('the IOTLB replaces the least recently used page', () => {
  ({ iommu, domain } = attached({ iotlbEntries: 2 }));
  domain.table.map(0x6000, 0x1000, 2 * KIB4, both);
  for (const page of [5, 6, 5, 7, 5, 6]) {
    iommu.translate(GPU, page * KIB4, false);
  }
  expect(iommu.counts).toMatchObject({ iotlbHits: 2, iotlbMisses: 4 });
});

// ---------------------------------------------------------------------------- hostile tables

/** The tables that `attached` makes. */
const ROOT = 0x10000;
const CONTEXT = 0x12180;
const TOP = 0x11000;
const MIDDLE = 0x13000;
const LEAVES = 0x14000;
const PAGE_5 = LEAVES + 5 * 8;

test.each([
  ['a root entry that is not present', ROOT, [0x12000], 0x1],
  ['a reserved bit in the low half of a root entry', ROOT, [0x12003], 0xa],
  ['a root entry beyond the host address width', ROOT, [0x12001, 1 << 14], 0xa],
  ['something in the upper half of a root entry', ROOT, [0x12001, 0, 0, 1], 0xa],
  ['a context table beyond memory', ROOT, [0x7000_0001], 0x9],
  ['a context entry that is not present', CONTEXT, [0x11000], 0x2],
  ['a reserved bit in a context entry', CONTEXT, [0x11011], 0xb],
  ['a context entry beyond the host address width', CONTEXT, [0x11001, 1 << 31], 0xb],
  ['a reserved bit beside the domain id', CONTEXT, [0x11001, 0, 0x0181], 0xb],
  ['something in the last word of a context entry', CONTEXT, [0x11001, 0, 0x0101, 1], 0xb],
  ['a translation type that needs device TLBs', CONTEXT, [0x11005], 0x3],
  ['a reserved translation type', CONTEXT, [0x1100d], 0x3],
  ['an address width of 30 bits', CONTEXT, [0x11001, 0, 0x0100], 0x3],
  ['an address width of 57 bits', CONTEXT, [0x11001, 0, 0x0103], 0x3],
  ['pass-through, which is not there', CONTEXT, [0x00009, 0, 0x0102], 0x3],
  ['a table beyond memory', CONTEXT, [0x7000_0001], 0x7],
  ['a lower table beyond memory', TOP, [0x7000_0003], 0x7],
  ['a table far beyond memory', TOP, [0x14003, 0x3000], 0x7],
  ['a directory entry that is not present', MIDDLE, [0x14000], 0x6],
  ['a reserved bit in a directory entry', MIDDLE, [0x14803], 0xc],
  ['a reserved bit in a leaf', PAGE_5, [0x70_0803], 0xc],
  ['a leaf beyond the host address width', PAGE_5, [0x70_0003, 1 << 14], 0xc],
  ['the transient mapping bit', PAGE_5, [0x70_0003, 1 << 30], 0xc],
  ['address bits within a 2 MiB page', MIDDLE, [0x14083], 0xc],
  ['address bits within a 1 GiB page', TOP, [0x20_0083], 0xc],
  ['reserved bits of an entry that is not present', PAGE_5, [0x70_0800, 1 << 30], 0x6],
])('7.1.3: %s', (_what, at, words, reason) => {
  memory.poke(at, ...words);
  expect(iommu.translate(GPU, 0x5000, false)).toBe(-1);
  expect(iommu.faults()).toEqual([{ requester: GPU, iova: 0x5000, write: false, reason }]);
});

test('9.8: ignored bits are ignored', () => {
  // Bits 63 and 61:52, and 6:2, 10:8 of a leaf.
  memory.poke(PAGE_5, 0x70_077f, 0xbff0_0000);
  expect(iommu.translate(GPU, 0x5000, true)).toBe(0x70_0000);
});

test('9.8: there is no leaf of 512 GiB', () => {
  const other = build();
  const wide = other.createDomain({ levels: 4 });
  other.attach(GPU, wide);
  memory.poke(wide.table.root, 0x83);
  expect(other.translate(GPU, 0x5000, false)).toBe(-1);
  expect(other.faults()[0]?.reason).toBe(0xc);
});

test('a table that points to itself ends after as many reads as there are levels', () => {
  memory.poke(TOP, TOP | 3);
  iommu.takeLatency();
  // Entry 0 is read as directory, as directory, and as leaf.
  expect(iommu.translate(GPU, 0x0, false)).toBe(TOP);
  expect(iommu.takeLatency()).toBe(500);
  expect(iommu.translate(GPU, 0x5000, false)).toBe(-1);
  expect(iommu.takeLatency()).toBe(300);
});

test('9.3: FPD silences a function: refused and counted, not recorded', () => {
  memory.poke(CONTEXT, 0x11003);
  expect(iommu.translate(GPU, 0x9000, false)).toBe(-1);
  expect(iommu.faults()).toEqual([]);
  expect(iommu.counts.faults).toBe(1);
});

test('faults beyond the records set the overflow', () => {
  for (let page = 16; page < 26; page++) {
    iommu.translate(GPU, page * KIB4, false);
  }
  expect(iommu.faults().map(({ iova }) => iova / KIB4)).toEqual([16, 17, 18, 19, 20, 21, 22, 23]);
  expect(iommu.faultOverflow).toBe(true);
  expect(iommu.counts.faults).toBe(10);
  iommu.clearFaults();
  expect(iommu.faultOverflow).toBe(false);
  iommu.translate(GPU, 30 * KIB4, false);
  expect(iommu.faults().map(({ iova }) => iova / KIB4)).toEqual([30]);
});

// ---------------------------------------------------------------------------- state, properties

test('its state is plain data: a copy goes on as the original does', () => {
  iommu.translate(GPU, 0x5000, false);
  iommu.translate(GPU, 0x9000, true);
  const saved = structuredClone(iommu.save());
  const bytes = memory.bytes.slice();
  const run = (machine: Iommu): unknown[] => [
    machine.translate(GPU, 0x5004, true),
    machine.takeLatency(),
    machine.translate(GPU, 0x9000, true),
    machine.createDomain().id,
    machine.save(),
  ];
  const expected = run(iommu);
  const copy = attached().iommu;
  memory.bytes.set(bytes);
  copy.load(saved);
  expect(copy.save()).toEqual(saved);
  expect(run(copy)).toEqual(expected);
});

/** Pages as a plain Map: what a domain maps, and which leaf holds each page. */
class Reference {
  readonly pages = new Map<
    number,
    { physical: number; read: boolean; write: boolean; leaf: number; size: number }
  >();

  map(page: number, physical: number, count: number, read: boolean, write: boolean): boolean {
    for (let i = 0; i < count; i++) {
      if (this.pages.has(page + i)) {
        return false;
      }
    }
    for (let i = 0; i < count;) {
      const aligned = (page + i) % 512 === 0 && (physical + i) % 512 === 0 && count - i >= 512;
      const size = aligned ? 512 : 1;
      for (let j = 0; j < size; j++) {
        const at = i + j;
        this.pages.set(page + at, { physical: physical + at, read, write, leaf: page + i, size });
      }
      i += size;
    }
    return true;
  }

  unmap(page: number, count: number): boolean {
    const cut = [page, page + count].some((edge) => {
      const entry = this.pages.get(edge);
      return entry !== undefined && entry.leaf !== edge;
    });
    for (let i = 0; i < count && !cut; i++) {
      this.pages.delete(page + i);
    }
    return !cut;
  }

  /** In pages; -1 when it is refused. */
  translate(page: number, write: boolean): number {
    const entry = this.pages.get(page);
    return entry !== undefined && (write ? entry.write : entry.read) ? entry.physical : -1;
  }
}

function succeeds(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}

test('10,000 random maps, unmaps and translations agree with a plain Map', () => {
  // Near the borders of 2 MiB, so that ranges touch, overlap and cut superpages.
  const page = fc
    .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: -3, max: 3 }))
    .map(([block, offset]) => Math.max(0, block * 512 + offset) + 0x3_ffff_fc00);
  const count = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 510, max: 1030 }));
  const physical = fc.oneof(
    fc.integer({ min: 0, max: 4096 }),
    fc.integer({ min: 0, max: 8 }).map((block) => block * 512),
    fc.integer({ min: 2 ** 30, max: 2 ** 30 + 10 }),
  );
  const step = fc.record({
    kind: fc.constantFrom('map', 'map', 'unmap', 'unmap', 'read', 'write', 'write'),
    page,
    count,
    physical,
    access: fc.integer({ min: 1, max: 3 }),
  });
  let done = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 500, maxLength: 500, size: 'max' }), (steps) => {
      const machine = build({ iotlbEntries: 8 });
      const space = machine.createDomain();
      machine.attach(GPU, space);
      const tables = memory.inUse;
      const reference = new Reference();
      for (const { kind, page: at, count: pages, physical: to, access } of steps) {
        const [read, write] = [(access & 1) !== 0, (access & 2) !== 0];
        if (kind === 'map') {
          const mapped = succeeds(() =>
            space.table.map(at * KIB4, to * KIB4, pages * KIB4, { read, write }),
          );
          expect(mapped).toBe(reference.map(at, to, pages, read, write));
        } else if (kind === 'unmap') {
          const unmapped = succeeds(() => space.table.unmap(at * KIB4, pages * KIB4));
          expect(unmapped).toBe(reference.unmap(at, pages));
          machine.invalidatePages(space, at * KIB4, pages * KIB4);
        } else {
          const reached = machine.translate(GPU, at * KIB4 + 8, kind === 'write');
          const expected = reference.translate(at, kind === 'write');
          expect(reached).toBe(expected < 0 ? -1 : expected * KIB4 + 8);
        }
        done++;
      }
      for (const [at, { physical: to }] of reference.pages) {
        expect(space.table.lookup(at * KIB4)).toBe(to * KIB4);
      }
      space.table.unmap(0, 2 ** 48);
      expect(space.table.pageCount).toBe(1);
      expect(memory.inUse).toBe(tables);
    }),
    { numRuns: 20 },
  );
  expect(done).toBeGreaterThanOrEqual(10_000);
});
