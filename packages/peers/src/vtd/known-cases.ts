/** Cases with an answer of their own, each tried once in a domain of its own. */
import { PAGE_BYTES } from '@doorbell/abi';
import { contextEntry, type Domain, interruptRange, pagingEntry } from '@doorbell/hypervisor';
import type { Random } from '../differential/random.ts';
import { BEYOND_MEMORY, damage } from './damage.ts';
import { contextOf, pathOf } from './entries.ts';
import type { IommuRig } from './rig.ts';

const GIB = 0x4000_0000;
const IOVA = 0x5000;
const BYTES = 16;
const both = { read: true, write: true } as const;
const readOnly = { read: true, write: false } as const;
/** Translation type 10b. */
const PASS_THROUGH = 2 << contextEntry.typeShift;

type Case = (rig: IommuRig, domain: Domain, random: Random) => void;

const cases: readonly Case[] = [
  (rig, domain, random) => {
    domain.table.map(IOVA, rig.field + PAGE_BYTES, PAGE_BYTES, readOnly);
    const [leaf] = pathOf(rig.memory, domain.table.root, domain.table.levels, IOVA).slice(-1);
    damage(rig.memory, leaf, (words) => (words[0] |= pagingEntry.reservedLo), random);
    rig.write('a reserved bit in a page that may not be written', IOVA, BYTES);
  },
  (rig, domain) => {
    domain.table.map(IOVA, rig.field, PAGE_BYTES, readOnly);
    rig.read('a page that may be read', IOVA, BYTES);
    rig.write('a page that was read and may not be written', IOVA, BYTES);
    rig.unit.invalidatePages(domain.id, IOVA, 0);
    rig.write('the same, after an invalidation', IOVA, BYTES);
  },
  (rig, domain, random) => {
    domain.table.map(IOVA, rig.field, PAGE_BYTES, both);
    for (const bit of [40, 47]) {
      const path = pathOf(rig.memory, domain.table.root, domain.table.levels, IOVA);
      const directory = path[path.length - 2];
      const mend = damage(rig.memory, directory, (words) => (words[1] |= 1 << (bit - 32)), random);
      rig.read(`a table at an address with bit ${bit}`, IOVA, BYTES);
      mend();
    }
  },
  (rig, domain) => {
    const { base } = interruptRange;
    domain.table.map(IOVA, base, PAGE_BYTES, both);
    rig.read('a page that leads to the interrupt range', IOVA, BYTES);
    rig.read('the interrupt range', base, BYTES);
  },
  (rig, domain) => {
    domain.table.map(3 * GIB, 3 * GIB, GIB, both);
    rig.read('a page of 1 GiB, part of which is the interrupt range', 3 * GIB, BYTES);
  },
  (rig) => {
    rig.request(IOVA);
    rig.request(2 * IOVA);
    rig.compareFaultCounts('two refused requests of one function');
  },
  (rig, domain) => tryInvalidations(rig, domain),
];

/** What is wrong with the context entry: the mailbox is out of reach. */
const contextCases: readonly Case[] = [
  (rig, _domain, random) => {
    const context = contextOf(rig.memory, rig.iommu.rootTable, rig.edu);
    const change = (words: Uint32Array): number =>
      (words[0] = BEYOND_MEMORY | contextEntry.PRESENT);
    const mend = damage(rig.memory, context, change, random);
    rig.read('a top table beyond memory', IOVA, BYTES);
    mend();
  },
  (rig, _domain, random) => {
    const context = contextOf(rig.memory, rig.iommu.rootTable, rig.edu);
    const mend = damage(rig.memory, context, (words) => (words[0] |= PASS_THROUGH), random);
    rig.read('a function that passes through', rig.field, BYTES);
    mend();
  },
];

/** Caches keep what the tables lost, until they are told. */
function tryInvalidations(rig: IommuRig, domain: Domain): void {
  const { iommu, unit } = rig;
  const next = IOVA + PAGE_BYTES;
  domain.table.map(IOVA, rig.field, 2 * PAGE_BYTES, both);
  rig.read('a page', IOVA, BYTES);
  rig.read('the next page', next, BYTES);
  domain.table.unmap(IOVA, 2 * PAGE_BYTES);
  rig.read('an unmapped page, before an invalidation', IOVA, BYTES);
  unit.invalidatePages(domain.id, IOVA, 0);
  iommu.invalidatePages(domain, IOVA, PAGE_BYTES);
  rig.read('an unmapped page, after an invalidation', IOVA, BYTES);
  rig.read('the next page, which was not invalidated', next, BYTES);
  unit.invalidateDomain(domain.id);
  iommu.invalidateDomain(domain);
  rig.read('the next page, after the domain was invalidated', next, BYTES);
}

export function tryKnownCases(rig: IommuRig, levels: 3 | 4, random: Random): void {
  rig.memory.bytes.fill(0x55, rig.field, rig.field + BYTES);
  for (const test of cases) {
    const domain = rig.attachDomain(levels);
    test(rig, domain, random);
    rig.detachDomain(domain);
  }
  for (const test of contextCases) {
    const domain = rig.attachDomain(levels);
    rig.isWhole = false;
    test(rig, domain, random);
    rig.isWhole = true;
    rig.detachDomain(domain);
  }
  if (!rig.unit.capabilities.levels.includes(4)) {
    tryMissingLevels(rig);
  }
}

/** A table of 4 levels where the unit walks 3. */
function tryMissingLevels(rig: IommuRig): void {
  const domain = rig.attachDomain(4);
  domain.table.map(IOVA, rig.field, PAGE_BYTES, both);
  rig.isWhole = false;
  rig.read('tables of 4 levels where there are 3', IOVA, BYTES);
  rig.isWhole = true;
  rig.detachDomain(domain);
}
