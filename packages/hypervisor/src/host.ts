/**
 * The physical machine: memory, IOMMU, PCI bus with its devices, and one CPU for an operating
 * system that runs on it directly.
 */
import {
  bellIds,
  crossing,
  crossingOf,
  type Bdf,
  type BusMaster,
  type DeviceHost,
  type Display,
  type Dma,
  type PciEndpoint,
  type Stateful,
} from '@doorbell/abi';
import { PagedMemory } from '@doorbell/device-model';
import { AddressSpace } from './address-space.ts';
import { DmaPath, overTheBus, type DmaPrices, type Translation } from './bus-master.ts';
import { Computer } from './computer.ts';
import { directDma, IommuDma, type IommuMode } from './dma-api.ts';
import { InterruptController } from './interrupt-controller.ts';
import { Iommu, type Domain } from './iommu.ts';
import { Machine } from './machine.ts';
import { MessageRouter, ROUTED_ADDRESS } from './message-router.ts';
import { PageAllocator } from './page-allocator.ts';
import type { HostFunction } from './iommu-group.ts';
import { Vfio, type HostDriver } from './vfio.ts';
import type { VirtualFunctionOf } from './virtual-function.ts';
import { allMapped, PciBus, type BarPolicy } from './pci-bus.ts';
import { cost, type Profile } from './profile.ts';

const PAGE = 4096;

/** A device as whoever plugs it in sees it. */
export interface DeviceModel extends PciEndpoint, Stateful<unknown> {
  onTimer(id: number): void;
}

/** Where a device's messages, DMA and pixels go. */
export interface DeviceWiring {
  readonly bus: PciBus;
  readonly translation: Translation;
  readonly dmaPrices: DmaPrices;
  readonly display: Display;
  readonly message: (address: number, data: number) => void;
  readonly line: (high: boolean) => void;
  readonly policy: BarPolicy;
  /** Of a virtual function: whose it is. */
  readonly virtualOf?: VirtualFunctionOf;
}

export interface HostOptions {
  readonly profile: Profile;
  /** The mode of the host's DMA API. */
  readonly iommu: IommuMode;
  readonly display: Display;
  /** Bytes of physical memory. */
  readonly memoryBytes: number;
  /** Holds them: memory that threads share, or new. */
  readonly memoryBuffer?: ArrayBufferLike;
  /** Translations that the IOTLB holds. */
  readonly iotlbEntries?: number;
}

/** A virtual function that comes while the machine runs. */
export interface HotAdded {
  /** Its physical function, which is on the bus. */
  readonly virtualOf: VirtualFunctionOf;
  readonly display: Display;
  /** Whether a driver of the host may bind it at once. */
  readonly probe: boolean;
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
  readonly vfio: Vfio;
  private readonly options: HostOptions;
  private readonly interrupts: InterruptController;
  private readonly devices = new Map<Bdf, DeviceModel>();
  private readonly dmas = new Map<Bdf, IommuDma>();
  private readonly domains = new Map<Bdf, Domain>();

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
      defaultDomain: (at) => this.domains.get(at),
      // Everything is on the root bus.
      buses: { affected: () => undefined, reset: () => {} },
      charge: (name, times) => {
        machine.charge(cost[name], times);
      },
    });
    this.computer = new Computer({
      machine,
      cpu,
      space,
      bus: this.bus,
      interrupts: this.interrupts,
      memory: this.memory,
      pages: this.pages,
      virtual: false,
      dmaFor: (at) => this.dmas.get(at) ?? directDma,
    });
  }

  /**
   * Plugs a device into the host's bus, in an IOMMU group of its own, as behind a root port. The
   * kernel's driver for it binds.
   */
  plug<D extends DeviceModel>(at: Bdf, make: (host: DeviceHost) => D): D {
    return this.add(at, make, this.options.display, undefined);
  }

  /** A virtual function has appeared. It has a screen of its own. */
  hotAdd<D extends DeviceModel>(at: Bdf, make: (host: DeviceHost) => D, added: HotAdded): D {
    return this.add(at, make, added.display, added);
  }

  /** A function is gone, and its group with it. @throws VfioError EBUSY a user has it open. */
  hotRemove(at: Bdf): void {
    const domain = this.domains.get(at);
    if (domain !== undefined) {
      this.vfio.removeGroup(this.vfio.groupOf(at).id);
      this.iommu.destroyDomain(domain);
    }
    this.domains.delete(at);
    this.dmas.delete(at);
    this.devices.delete(at);
    this.bus.unplug(at);
  }

  private add<D extends DeviceModel>(
    at: Bdf,
    make: (host: DeviceHost) => D,
    display: Display,
    added: HotAdded | undefined,
  ): D {
    const line = this.interrupts.addLine(at);
    const requester = crossing.of(at, crossingOf.WRITE);
    const device = wire(this.machine, at, this.memory, make, {
      bus: this.bus,
      translation: this.iommu,
      dmaPrices: overTheBus,
      display,
      policy: allMapped,
      ...(added === undefined ? {} : { virtualOf: added.virtualOf }),
      message: (address, data) => {
        this.machine.counts.interrupts++;
        this.machine.tracer.event('message', address, data, requester);
        if (address === ROUTED_ADDRESS) {
          this.router.signal(data);
        } else {
          this.interrupts.signal(address, data);
        }
      },
      line: (high) => {
        this.machine.counts.interrupts += high ? 1 : 0;
        this.machine.tracer.event('line', high ? 1 : 0, 0, requester);
        if (!this.router.signalLine(at, high)) {
          this.interrupts.setLine(line, high);
        }
      },
    });
    this.devices.set(at, device);
    if (this.options.iommu !== 'off') {
      const { iommu } = this.options;
      this.addGroup({ bdf: at, endpoint: device, virtualOf: added?.virtualOf }, iommu);
      if (added?.probe !== false) {
        this.vfio.probe(at);
      }
    }
    return device;
  }

  /**
   * A device that is not on this machine's bus, but behind a network: it reaches memory as the
   * function at `at` would, through the IOMMU.
   */
  attachRemote(at: Bdf): RemoteFunction {
    if (this.options.iommu !== 'off') {
      this.iommu.attach(at, this.addDomain(at, this.options.iommu));
    }
    return {
      dma: this.computer.dma(at),
      bus: new DmaPath(this.machine, at, this.iommu, this.memory, overTheBus),
    };
  }

  /** Gives a function a group, whose default domain the kernel's DMA API is over. */
  private addGroup(added: HostFunction, mode: 'strict' | 'deferred'): void {
    this.addDomain(added.bdf, mode);
    const taken = new Set(this.vfio.list().map(({ id }) => id));
    let id = 0;
    while (taken.has(id)) {
      id++;
    }
    this.vfio.addGroup(id, [added]);
  }

  private addDomain(at: Bdf, mode: 'strict' | 'deferred'): Domain {
    const { machine, iommu } = this;
    const domain = iommu.createDomain();
    const dma: IommuDma = new IommuDma({
      iommu,
      domain,
      mode,
      charge: (name, times) => {
        machine.charge(cost[name], times);
      },
      timers: machine.timers(() => {
        dma.onTimer();
      }),
    });
    this.domains.set(at, domain);
    this.dmas.set(at, dma);
    return domain;
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
      devices: [...this.devices].map(([at, device]) => [at, device.save()] as const),
      dmas: [...this.dmas].map(([at, dma]) => [at, dma.save()] as const),
    } satisfies HostState;
  }

  load(saved: unknown): void {
    const state = saved as HostState;
    this.machine.load(state.machine);
    this.memory.load(state.memory);
    this.pages.load(state.pages);
    this.iommu.load(state.iommu);
    this.interrupts.load(state.interrupts);
    this.router.load(state.router);
    for (const [at, dma] of state.dmas) {
      this.dmas.get(at)?.load(dma);
    }
    for (const [at, device] of state.devices) {
      this.devices.get(at)?.load(device);
      this.bus.decodeChanged();
    }
  }
}

interface HostState {
  readonly machine: ReturnType<Machine['save']>;
  readonly memory: ReturnType<PagedMemory['save']>;
  readonly pages: ReturnType<PageAllocator['save']>;
  readonly iommu: ReturnType<Iommu['save']>;
  readonly interrupts: ReturnType<InterruptController['save']>;
  readonly router: ReturnType<MessageRouter['save']>;
  readonly devices: readonly (readonly [Bdf, unknown])[];
  readonly dmas: readonly (readonly [Bdf, ReturnType<IommuDma['save']>])[];
}

/** The drivers that the host's kernel has. */
const hostDrivers: readonly HostDriver[] = [
  {
    name: 'bell',
    kind: 'host',
    matches: (vendor, device) => vendor === bellIds.vendor && device === bellIds.device,
  },
  { name: 'vfio-pci', kind: 'vfio', matches: () => false },
];

/** Makes a device and connects it: DMA, timers, interrupts, pixels, and its place on a bus. */
export function wire<D extends DeviceModel>(
  machine: Machine,
  at: Bdf,
  memory: PagedMemory,
  make: (host: DeviceHost) => D,
  wiring: DeviceWiring,
): D {
  const { tracer } = machine;
  const device: D = make({
    bus: new DmaPath(machine, at, wiring.translation, memory, wiring.dmaPrices),
    timers: machine.timers((id) => {
      device.onTimer(id);
    }),
    // What a device does follows from what it did before: each of its events causes the next.
    trace: {
      event: (kind, a, b, c) => {
        const id = tracer.event(kind, a, b, c);
        tracer.cause = id === 0 ? tracer.cause : id;
        return id;
      },
    },
    display: wiring.display,
    message: (address, data) => {
      wiring.message(address, data);
    },
    line: (high) => {
      wiring.line(high);
    },
    decodeChanged: () => {
      wiring.bus.decodeChanged();
    },
  });
  wiring.bus.plug(at, device, wiring.policy, wiring.virtualOf);
  return device;
}
