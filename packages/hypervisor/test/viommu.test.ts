/** A guest's own IOMMU in front of an assigned function, as the device and the host see it. */
import { bdf, type DmaMappings } from '@doorbell/abi';
import { Edu } from '@doorbell/device-model';
import { beforeEach, describe, expect, test } from 'vitest';
import { FLUSH_TIMEOUT_NS } from '../src/invalidation/flush-queue.ts';
import { Host } from '../src/host.ts';
import { cost, profiles } from '../src/profile.ts';
import { Vm } from '../src/vm.ts';

const profile = profiles.get('kvm-x86')!;
const PHYSICAL = bdf(0, 3, 0);
const GUEST = bdf(0, 2, 0);
const MIB = 1 << 20;
const PAGE = 4096;

let host: Host;
let vm: Vm;
let dma: DmaMappings;

function build(mode: 'off' | 'strict' | 'deferred', hostBytes = 32 * MIB): void {
  host = new Host({
    profile,
    iommu: 'strict',
    display: { flip: () => undefined },
    memoryBytes: hostBytes,
  });
  host.plug(PHYSICAL, (ports) => new Edu(ports));
  host.enumerate();
  host.vfio.setDriverOverride(PHYSICAL, 'vfio-pci');
  host.vfio.probe(PHYSICAL);
  vm = new Vm(host, {
    name: 'guest',
    ramBytes: 8 * MIB,
    postedInterrupts: false,
    viommu: mode,
  });
  vm.assign(GUEST, PHYSICAL, host.vfio.groupOf(PHYSICAL));
  dma = vm.computer.parts.dmaFor(GUEST);
}

const exits = (): number => host.machine.counts.exitsByReason.viommu;
/** Where the device's write goes, in guest-physical addresses; -1: it is refused. */
function reach(iova: number): number {
  const at = host.iommu.translate(PHYSICAL, iova, true);
  return at < 0 ? -1 : at - host.iommu.translate(PHYSICAL, known, true) + KNOWN;
}
const KNOWN = 0x10_0000;
let known: number;
const spent = (name: keyof typeof cost): number =>
  host.machine.byCost[cost[name]] / profile.constants[name].value;

describe('strict', () => {
  beforeEach(() => {
    build('strict');
    known = dma.map(KNOWN, PAGE, 'both');
  });

  test('nothing is pinned before the guest maps it, and the device reaches nothing else', () => {
    expect(spent('vfio.mapPage')).toBe(1);
    expect(known).toBe(0xffff_f000);
    expect(reach(KNOWN)).toBe(-1);
    expect(host.iommu.faults()).toHaveLength(1);
  });

  test('caching mode (VT-d 3.3 §6.1): a map is an exit, and an unmap is another', () => {
    expect(exits()).toBe(1);
    const iova = dma.map(0x20_0000, 3 * PAGE, 'both');
    expect(exits()).toBe(2);
    expect(reach(iova + 2 * PAGE)).toBe(0x20_2000);
    dma.unmap(iova, 3 * PAGE);
    expect(exits()).toBe(3);
    expect(reach(iova)).toBe(-1);
  });

  test('VFIO is called for each entry of the guest, as QEMU does, and pins what they map', () => {
    const calls = spent('viommu.call');
    const pages = spent('vfio.mapPage');
    const iova = dma.map(0x20_1000, 3 * PAGE, 'both');
    expect(spent('viommu.call') - calls).toBe(3);
    expect(spent('vfio.mapPage') - pages).toBe(3);
    const flushes = host.iommu.counts.invalidations;
    dma.unmap(iova, 3 * PAGE);
    expect(spent('viommu.call') - calls).toBe(6);
    expect(host.iommu.counts.invalidations - flushes).toBe(3);
  });

  test("a large page of the guest's is one call, and one large page of the host's", () => {
    const iova = dma.map(0x20_0000, 2 * MIB, 'both');
    expect(spent('viommu.call')).toBe(2);
    const misses = host.iommu.counts.iotlbMisses;
    reach(iova);
    reach(iova + MIB);
    expect(host.iommu.counts.iotlbMisses - misses).toBe(2); // this page, and the known one
  });

  test('the device may do what the guest allows, and no more', () => {
    const iova = dma.map(0x20_0000, PAGE, 'to-device');
    expect(host.iommu.translate(PHYSICAL, iova, false)).toBeGreaterThan(0);
    expect(host.iommu.translate(PHYSICAL, iova, true)).toBe(-1);
  });

  test('memory that the guest has not is not mapped, and the next mapping is served', () => {
    const iova = dma.map(64 * MIB, PAGE, 'both');
    expect(reach(iova)).toBe(-1);
    expect(reach(dma.map(0x30_0000, PAGE, 'both'))).toBe(0x30_0000);
  });
});

describe('deferred', () => {
  beforeEach(() => {
    build('deferred');
    known = dma.map(KNOWN, PAGE, 'both');
  });

  test('an unmap is no exit, and the device still reaches the page', () => {
    const iova = dma.map(0x20_0000, PAGE, 'both');
    const before = exits();
    dma.unmap(iova, PAGE);
    expect(exits()).toBe(before);
    expect(reach(iova)).toBe(0x20_0000);
    expect(vm.viommu?.pendingBytes(GUEST)).toBe(PAGE);
  });

  test('after 10 ms it is one exit for all, and the device faults', () => {
    const iovas = [1, 2, 3].map((page) => dma.map(0x20_0000 + page * PAGE, PAGE, 'both'));
    const before = exits();
    iovas.forEach((iova) => {
      dma.unmap(iova, PAGE);
    });
    host.machine.advance(FLUSH_TIMEOUT_NS);
    expect(exits()).toBe(before + 1);
    expect(iovas.map(reach)).toEqual([-1, -1, -1]);
    expect(reach(known)).toBe(KNOWN);
    expect(vm.viommu?.pendingBytes(GUEST)).toBe(0);
  });

  test('the 256th unmap has the queue flushed', () => {
    const iovas = Array.from({ length: 256 }, (_, page) =>
      dma.map(0x20_0000 + page * PAGE, PAGE, 'both'),
    );
    const before = exits();
    iovas.slice(0, 255).forEach((iova) => {
      dma.unmap(iova, PAGE);
    });
    expect(exits()).toBe(before);
    dma.unmap(iovas[255], PAGE);
    expect(exits()).toBe(before + 1);
    // The host compares all there is, so that the last is gone early, but its IOVA waits.
    expect([reach(iovas[254]), reach(iovas[255])]).toEqual([-1, -1]);
    expect(vm.viommu?.pendingBytes(GUEST)).toBe(PAGE);
  });
});

test('off: all of the guest is mapped at once, and mapping costs nothing', () => {
  build('off');
  expect(spent('vfio.mapPage')).toBe((8 * MIB) / PAGE);
  expect(dma.map(0x1234, 8, 'both')).toBe(0x1234);
  expect(exits()).toBe(0);
  expect(vm.viommu).toBeUndefined();
});

test.each(['strict', 'deferred'] as const)('%s: a saved state is one to go on from', (mode) => {
  build(mode);
  known = dma.map(KNOWN, PAGE, 'both');
  const gone = dma.map(0x20_0000, PAGE, 'both');
  dma.unmap(gone, PAGE);
  const saved = [host.save(), vm.save()];
  const reached = reach(gone);
  build(mode);
  known = dma.map(0x30_0000, PAGE, 'both');
  dma.map(0x40_0000, 2 * PAGE, 'both');
  host.load(saved[0]);
  vm.load(saved[1]);
  expect([reach(known), reach(gone)]).toEqual([KNOWN, reached]);
  dma.unmap(known, PAGE);
  host.machine.advance(FLUSH_TIMEOUT_NS);
  expect(host.iommu.translate(PHYSICAL, known, true)).toBe(-1);
  expect(host.iommu.translate(PHYSICAL, gone, true)).toBe(-1);
});
