/**
 * The physical machine: memory, IOMMU, PCI bus with its devices, and one CPU for an operating
 * system that runs on it directly.
 */
import type { Bdf, BusMaster, Display, Dma, Stateful } from '@doorbell/abi';
import { type BridgeKind, PagedMemory } from '@doorbell/device-model';
import { AddressSpace } from './address-space.ts';
import { DmaPath, overTheBus } from './bus-master.ts';
import { Computer } from './computer.ts';
import { Crossings } from './crossings.ts';
import { directDma, invalidationOf, type IommuPolicy } from './dma-api.ts';
import { hostDrivers } from './host-drivers.ts';
import { HostGroups } from './host-groups.ts';
import { InterruptController } from './interrupt-controller.ts';
import { Iommu } from './iommu.ts';
import { Machine } from './machine.ts';
import { MessageRouter, ROUTED_ADDRESS } from './message-router.ts';
import { PageAllocator } from './page-allocator.ts';
import { PciBus } from './pci-bus.ts';
import type { PciTopology } from './pci-topology.ts';
import {
  type HotVirtual,
  type MakeDevice,
  PhysicalPci,
  type Port,
  type PortOptions,
} from './physical-pci.ts';
import { resetBuses } from './secondary-bus-reset.ts';
import { cost, type Profile } from './profile.ts';
import { Vfio } from './vfio.ts';
import { Ram } from './ram.ts';
import type { DeviceModel } from './wiring.ts';

const PAGE = 4096;

export interface HostOptions {
  readonly profile: Profile;
  /** The mode of the host's DMA API. */
  readonly iommu: IommuPolicy;
  /** Whether the kernel enables access control services where they are. Default: yes, with an IOMMU. */
  readonly acs?: boolean;
  readonly display: Display;
  /** Bytes of physical memory. */
  readonly memoryBytes: number;
  /** Holds them: memory that threads share, or new. */
  readonly memoryBuffer?: ArrayBufferLike;
  /** Translations that the IOTLB holds. */
  readonly iotlbEntries?: number;
  /** VFIO maps pages of 4 KiB one by one: disable_hugepages of vfio_iommu_type1. */
  readonly disableHugepages?: boolean;
}

/** How a driver maps memory for a device that is elsewhere, and how that device reaches it. */
export interface RemoteFunction {
  readonly dma: Dma;
  readonly bus: BusMaster;
}

export class Host implements Stateful<unknown> {
  readonly machine: Machine;
  readonly memory: PagedMemory;
  readonly pages: PageAllocator;
  readonly iommu: Iommu;
  readonly bus: PciBus;
  /** Where VFIO has interrupts of assigned devices sent. */
  readonly router = new MessageRouter();
  readonly computer: Computer;
  /** RAM as the kernel reaches it on a guest's behalf: in replay, it does so again. */
  readonly ram: Ram;
  readonly vfio: Vfio;
  private readonly options: HostOptions;
  private readonly interrupts: InterruptController;
  private readonly pci: PhysicalPci;
  /** Without an IOMMU there are none. */
  private readonly groups: HostGroups | undefined;

  constructor(options: HostOptions) {
    const machine = new Machine(options.profile);
    const cpu = machine.newCpu();
    const space = new AddressSpace();
    space.add({
      kind: 'ram',
      name: 'RAM',
      base: 0,
      size: options.memoryBytes,
      memoryOffset: 0,
    });
    this.options = options;
    this.machine = machine;
    this.memory = new PagedMemory(options.memoryBytes, options.memoryBuffer);
    this.pages = new PageAllocator(0, options.memoryBytes);
    this.bus = new PciBus(space, machine.tracer);
    this.interrupts = new InterruptController(machine, cpu, 'native');
    this.iommu = new Iommu({
      memory: this.memory,
      pages: {
        allocatePage: () => this.zeroedPage(),
        freePage: (address) => {
          this.pages.free(address);
        },
      },
      trace: machine.tracer,
      costs: {
        iotlbHit: machine.price(cost['iommu.hit']),
        walkLevel: machine.price(cost['iommu.walkLevel']),
      },
      ...(options.iotlbEntries === undefined ? {} : { iotlbEntries: options.iotlbEntries }),
    });
    this.iommu.enabled = options.iommu !== 'off';
    this.vfio = new Vfio({
      iommu: this.iommu,
      interrupts: (at) => this.router.port(at),
      drivers: hostDrivers,
      defaultDomain: (at) => this.groups?.domainOf(at),
      buses: resetBuses(() => this.topology),
      disableHugepages: options.disableHugepages ?? false,
      charge: (name, times) => {
        machine.charge(cost[name], times);
      },
    });
    this.pci = new PhysicalPci({
      machine,
      memory: this.memory,
      bus: this.bus,
      iommu: this.iommu,
      interrupts: this.interrupts,
      display: options.display,
      message: (address, data) => {
        this.deliver(address, data);
      },
      takesLine: (at, high) => this.router.signalLine(at, high),
    });
    const { iommu, vfio } = this;
    const { topology } = this.pci;
    const invalidation = invalidationOf(options.iommu);
    this.groups = invalidation && new HostGroups({ machine, iommu, invalidation, topology, vfio });
    const ram = { space, memory: this.memory, pages: this.pages };
    this.ram = new Ram(new Crossings({ machine, cpu, number: -1, isRecorded: false }), ram);
    this.computer = new Computer({
      ...ram,
      machine,
      cpu,
      bus: this.bus,
      interrupts: this.interrupts,
      virtual: false,
      dmaFor: (at) => this.groups?.dmaOf(at) ?? directDma,
    });
  }

  /** The tree of functions. */
  get topology(): PciTopology {
    return this.pci.topology;
  }

  /** A bridge on the root bus; `at` is device and function. Further ports and devices go behind it. */
  addPort(at: Bdf, kind: BridgeKind, options?: PortOptions): Port {
    return this.pci.addPort(at, kind, options);
  }

  /** A device on the root bus; `at` is device and function. */
  plug<D extends DeviceModel>(at: Bdf, make: MakeDevice<D>): D {
    return this.pci.plug(at, make);
  }

  /**
   * Firmware numbers the buses and places the BARs; the kernel enables access control services,
   * finds the IOMMU groups, and binds its drivers. Once, when all is plugged in.
   * @throws RangeError when a function cannot be found, or BARs have no room.
   */
  enumerate(): void {
    this.pci.boot();
    this.groups?.boot(this.options.acs ?? true);
  }

  /**
   * A function appears on a bus that is there, such as a virtual function: it joins a group, or
   * has a new one, and a driver may bind. Its BARs have no addresses yet, but for a virtual
   * function's: `virtual` says what is known of that beforehand.
   */
  hotAdd<D extends DeviceModel>(at: Bdf, make: MakeDevice<D>, virtual?: HotVirtual): D {
    const device = this.pci.add(at, make, virtual);
    this.groups?.add(at, virtual);
    return device;
  }

  /** A function vanishes. @throws VfioError EBUSY while a user has it open; RangeError when none is there. */
  hotRemove(at: Bdf): void {
    this.topology.checkRemovable(at);
    this.groups?.remove(at);
    this.pci.remove(at);
  }

  /** Where a device is, once functions have numbers. @throws RangeError when it is not here. */
  addressOf(device: DeviceModel): Bdf {
    return this.pci.addressOf(device);
  }

  /** A message arrived at the root complex. */
  private deliver(address: number, data: number): void {
    this.machine.counts.interrupts++;
    if (address === ROUTED_ADDRESS) {
      this.router.signal(data);
    } else {
      this.interrupts.signal(address, data);
    }
  }

  /**
   * A device that is not on this machine's bus, but behind a network: it reaches memory as the
   * function at `at` would, through the IOMMU.
   */
  attachRemote(at: Bdf): RemoteFunction {
    this.groups?.addRemote(at);
    return {
      dma: this.computer.dma(at),
      bus: new DmaPath(this.machine, { id: at }, this.iommu, this.memory, overTheBus),
    };
  }

  private zeroedPage(): number {
    const address = this.pages.allocate(PAGE);
    this.memory.bytes.fill(0, address, address + PAGE);
    this.memory.touched(address, PAGE);
    return address;
  }

  save(): unknown {
    return {
      machine: this.machine.save(),
      memory: this.memory.save(),
      pages: this.pages.save(),
      iommu: this.iommu.save(),
      interrupts: this.interrupts.save(),
      router: this.router.save(),
      devices: this.pci.devices().map(([at, device]) => [at, device.save()] as const),
      dmas: this.groups?.save() ?? [],
      ownership: this.vfio.ownership(),
    } satisfies HostState;
  }

  /** Into a host where the same is plugged in, functions that came later too. */
  load(saved: unknown): void {
    const state = saved as HostState;
    this.machine.load(state.machine);
    this.memory.load(state.memory);
    this.pages.load(state.pages);
    this.iommu.load(state.iommu);
    this.interrupts.load(state.interrupts);
    this.router.load(state.router);
    this.groups?.load(state.dmas);
    const devices = new Map(this.pci.devices());
    for (const [at, device] of state.devices) {
      devices.get(at)?.load(device);
      this.topology.update();
      this.bus.decodeChanged();
    }
  }
}

/** Of the physical machine. */
export interface HostState {
  readonly machine: ReturnType<Machine['save']>;
  readonly memory: ReturnType<PagedMemory['save']>;
  readonly pages: ReturnType<PageAllocator['save']>;
  readonly iommu: ReturnType<Iommu['save']>;
  readonly interrupts: ReturnType<InterruptController['save']>;
  readonly router: ReturnType<MessageRouter['save']>;
  readonly devices: readonly (readonly [Bdf, unknown])[];
  readonly dmas: ReturnType<HostGroups['save']>;
  /**
   * To be shown: it is not loaded, as whoever assembles the machine gives functions away, and who
   * has ended by then has them taken from it (`Vm.bury`).
   */
  readonly ownership: ReturnType<Vfio['ownership']>;
}
