/** What the host makes of a guest's tables, whatever these say. */
import { bdf } from '@doorbell/abi';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { IoPageTable } from '../src/io-page-table.ts';
import { IommuGroup } from '../src/iommu-group.ts';
import { Iommu } from '../src/iommu.ts';
import { IovaShadow } from '../src/iova-shadow.ts';
import { ramWindow } from '../src/ram-window.ts';
import { VfioContainer } from '../src/vfio-container.ts';
import { VfioProcess } from '../src/vfio-process.ts';
import { FakeFunction } from './fake-function.ts';
import { HostMemory } from './host-memory.ts';

const PAGE = 0x1000;
const MIB2 = 0x20_0000;
const GUEST_BASE = 8 * MIB2;
const GUEST_BYTES = 4 * MIB2;
const END = 2 ** 39;
const DEVICE = bdf(1, 0, 0);
const both = { read: true, write: true };

let memory: HostMemory;
let iommu: Iommu;
let container: VfioContainer;
let table: IoPageTable;
let shadow: IovaShadow;
let user: VfioProcess;
let calls: number;

/** @param lockLimit  RLIMIT_MEMLOCK, in pages. */
function build(lockLimit = GUEST_BYTES / PAGE): void {
  memory = new HostMemory(GUEST_BASE + GUEST_BYTES);
  const costs = { iotlbHit: 0, walkLevel: 0 };
  iommu = new Iommu({ memory, pages: memory, trace: { event: () => 0 }, costs });
  iommu.enabled = true;
  user = new VfioProcess({ name: 'qemu', base: GUEST_BASE, bytes: GUEST_BYTES, lockLimit });
  const charge = (name: string, times: number): void => {
    calls += name === 'viommu.call' ? times : 0;
  };
  calls = 0;
  container = new VfioContainer({ user, iommu, charge, entryLimit: 65535 });
  const functions = [{ bdf: DEVICE, endpoint: new FakeFunction() }];
  const group = new IommuGroup(1, functions, iommu, () => undefined);
  container.addGroup({ group, iommuSet: () => undefined });
  container.setIommu('type1v2');
  const ram = ramWindow(memory, GUEST_BASE, GUEST_BYTES);
  const pages = new HostMemory(GUEST_BYTES, 0x1_0000);
  table = new IoPageTable(
    ram,
    {
      allocatePage: () => pages.allocatePage(),
      freePage: (address) => {
        ram.bytes.fill(0, address, address + PAGE);
        pages.freePage(address);
      },
    },
    { levels: 3 },
  );
  shadow = new IovaShadow({ memory: ram, table, container, charge });
}

beforeEach(() => {
  build();
});

/** Guest-physical; -1: refused. */
function reach(iova: number): number {
  const at = iommu.translate(DEVICE, iova, true);
  return at < 0 ? -1 : at - GUEST_BASE;
}

test('only what changed is a call of VFIO', () => {
  table.map(0x8000, 0x10_0000, 2 * PAGE, both);
  shadow.sync(0x8000, 2 * PAGE);
  expect(calls).toBe(2);
  table.map(0xa000, 0x10_2000, PAGE, both);
  shadow.sync(0, END);
  expect(calls).toBe(3);
  shadow.sync(0, END);
  expect(calls).toBe(3);
  expect([0x8000, 0x9000, 0xa000].map(reach)).toEqual([0x10_0000, 0x10_1000, 0x10_2000]);
  expect(user.lockedPages).toBe(3);
});

test('nothing is done outside of the range', () => {
  table.map(0x8000, 0x10_0000, 2 * PAGE, both);
  shadow.sync(0x9000, PAGE);
  expect([0x8000, 0x9000].map(reach)).toEqual([-1, 0x10_1000]);
});

test('a page that leads elsewhere, or allows something else, is unmapped and mapped', () => {
  table.map(0x8000, 0x10_0000, PAGE, both);
  shadow.sync(0, END);
  table.unmap(0x8000, PAGE);
  table.map(0x8000, 0x20_0000, PAGE, both);
  shadow.sync(0x8000, PAGE);
  expect([calls, reach(0x8000)]).toEqual([3, 0x20_0000]);
  table.unmap(0x8000, PAGE);
  table.map(0x8000, 0x20_0000, PAGE, { read: true, write: false });
  shadow.sync(0x8000, PAGE);
  expect([calls, reach(0x8000)]).toEqual([5, -1]);
});

test('a large page that becomes small ones goes as a whole, whatever the range', () => {
  table.map(MIB2, MIB2, MIB2, both);
  shadow.sync(MIB2, MIB2);
  expect([calls, reach(MIB2 + PAGE)]).toEqual([1, MIB2 + PAGE]);
  table.unmap(MIB2, MIB2);
  table.map(MIB2 + 4 * PAGE, 0, PAGE, both);
  shadow.sync(MIB2 + 4 * PAGE, PAGE);
  expect([MIB2, MIB2 + PAGE, MIB2 + 4 * PAGE].map(reach)).toEqual([-1, -1, 0]);
});

test('a limit ends it, and what was mapped before stays', () => {
  build(2);
  table.map(0x8000, 0x10_0000, 4 * PAGE, both);
  shadow.sync(0, END);
  expect([0x8000, 0x9000, 0xa000, 0xb000].map(reach)).toEqual([0x10_0000, 0x10_1000, -1, -1]);
  expect([calls, user.lockedPages]).toEqual([3, 2]);
  table.unmap(0x8000, PAGE);
  shadow.sync(0, END);
  expect(reach(0xa000)).toBe(0x10_2000);
});

test('memory that the guest has not, and where interrupts go, is left out', () => {
  table.map(0x8000, GUEST_BYTES, PAGE, both);
  table.map(0xfee0_0000, 0, PAGE, both);
  table.map(0xfef0_0000, 0, PAGE, both);
  shadow.sync(0, END);
  expect([0x8000, 0xfee0_0000, 0xfef0_0000].map(reach)).toEqual([-1, -1, 0]);
});

test("whatever the guest writes to its tables, its device reaches its own memory, and the host's error is none", () => {
  const word = fc.oneof(
    fc.constantFrom(0, 3, 0x83, 0x1_0003, 0x1_1003, 0x1_2003, 0x1_2083, 0x7f_f003),
    fc.nat({ max: 0xffff_ffff }),
  );
  const store = fc.tuple(fc.nat({ max: 3 * 1024 - 1 }), word);
  fc.assert(
    fc.property(fc.array(fc.array(store, { maxLength: 30 }), { maxLength: 4 }), (rounds) => {
      build();
      table.map(0x8000, 0x10_0000, PAGE, both);
      for (const stores of rounds) {
        for (const [at, value] of stores) {
          memory.words[(GUEST_BASE + 0x1_0000) / 4 + at] = value;
        }
        shadow.sync(0, END);
        for (const { iova, address } of shadow.save()) {
          expect(reachAny(iova)).toBe(address);
          expect(address >= 0 && address < GUEST_BYTES).toBe(true);
        }
        expect(user.lockedPages).toBe(container.pinnedPages);
      }
    }),
    { numRuns: 60 },
  );
});

function reachAny(iova: number): number {
  const at = Math.max(iommu.translate(DEVICE, iova, false), iommu.translate(DEVICE, iova, true));
  return at < 0 ? -1 : at - GUEST_BASE;
}
