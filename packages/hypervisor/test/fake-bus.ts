/**
 * A board for the tests of VFIO: a GPU and its audio on one bus, a network card with two functions
 * on another; a device on the root bus. Each in a group of its own, unless told otherwise.
 */
import { bdf, type Bdf } from '@doorbell/abi';
import { VfioError } from '../src/errno.ts';
import { Iommu } from '../src/iommu.ts';
import type { ResetBuses } from '../src/reset-scope.ts';
import { Vfio, type HostDriver } from '../src/vfio.ts';
import { AUDIO, FakeFunction, FakeInterrupts, GPU } from './fake-function.ts';
import { HostMemory } from './host-memory.ts';

export const NIC = bdf(2, 0, 0);
/** The card's second function. */
export const NIC2 = bdf(2, 0, 1);
export const ROOT = bdf(0, 3, 0);

const drivers: readonly HostDriver[] = [
  {
    name: 'bell',
    kind: 'host',
    matches: (vendor, device) => vendor === 0x1234 && device === 0xbe11,
  },
  { name: 'snd_hda_intel', kind: 'host', matches: (_vendor, device) => device === 0xbe12 },
  { name: 'e1000e', kind: 'host', matches: (_vendor, device) => device === 0x10d3 },
  { name: 'pci-stub', kind: 'exempt', matches: () => false },
  { name: 'vfio-pci', kind: 'vfio', matches: () => false },
];

/** A page that the kernel's drivers have mapped for every function. */
export const KERNEL_IOVA = 0x5000;

export class FakeBoard implements ResetBuses {
  readonly memory = new HostMemory(0x40_0000);
  readonly interrupts = new FakeInterrupts();
  readonly functions = new Map<Bdf, FakeFunction>([
    [ROOT, new FakeFunction(0x1234, 0x11e8)],
    [GPU, new FakeFunction(0x1234, 0xbe11)],
    [AUDIO, new FakeFunction(0x1234, 0xbe12)],
    [NIC, new FakeFunction(0x8086, 0x10d3)],
    [NIC2, new FakeFunction(0x8086, 0x10d3)],
  ]);
  readonly iommu = new Iommu({
    memory: this.memory,
    pages: this.memory,
    trace: { event: () => 0 },
    costs: { iotlbHit: 0, walkLevel: 0 },
  });
  readonly vfio: Vfio;
  /** Pages of tables while nobody but the kernel has anything. */
  readonly pagesAtRest: number;
  busResets = 0;

  /** `groups` count from 0. */
  constructor(groups: readonly (readonly Bdf[])[] = [[ROOT], [GPU], [AUDIO], [NIC], [NIC2]]) {
    this.iommu.enabled = true;
    const kernel = this.iommu.createDomain();
    kernel.table.map(KERNEL_IOVA, 0x9000, 0x1000, { read: true, write: true });
    this.vfio = new Vfio({
      iommu: this.iommu,
      interrupts: () => this.interrupts,
      drivers,
      defaultDomain: () => kernel,
      buses: this,
    });
    groups.forEach((members, id) => {
      this.vfio.addGroup(
        id,
        members.map((at) => ({ bdf: at, endpoint: this.functions.get(at)! })),
      );
    });
    this.pagesAtRest = this.memory.inUse;
  }

  affected(at: Bdf): readonly Bdf[] | undefined {
    const bus = at >>> 8;
    return bus === 0 ? undefined : [...this.functions.keys()].filter((each) => each >>> 8 === bus);
  }

  reset(at: Bdf): void {
    this.busResets++;
    this.affected(at)?.forEach((each) => {
      this.functions.get(each)!.reset();
    });
  }

  bindVfio(...functions: Bdf[]): void {
    for (const at of functions) {
      this.vfio.setDriverOverride(at, 'vfio-pci');
      this.vfio.bind(at, 'vfio-pci');
    }
  }

  /** Where a write of a function goes; -1: nowhere. */
  reach(at: Bdf, iova: number): number {
    return this.iommu.translate(at, iova, true);
  }
}

/** The errno of what a call throws. */
export function errnoOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof VfioError ? error.errno : String(error);
  }
  return 'no error';
}
