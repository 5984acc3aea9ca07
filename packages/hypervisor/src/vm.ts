/**
 * A virtual machine: a part of the host's memory as its RAM, a virtual CPU, a virtual PCI bus.
 * A function on that bus is a device model in software, or a physical one that VFIO assigned.
 */
import {
  PAGE_BYTES,
  type Bdf,
  type DeviceHost,
  type DeviceMemory,
  type Display,
  type Stateful,
} from '@doorbell/abi';
import { AddressSpace } from './address-space.ts';
import { AssignedDevice } from './assigned-device.ts';
import { GuestWindow, inSoftware } from './bus-master.ts';
import { Computer } from './computer.ts';
import type { Host } from './host.ts';
import type { PagePinner } from './host-bell/guest-pages.ts';
import { GuestMemory } from './guest-memory.ts';
import { InterruptController } from './interrupt-controller.ts';
import { PageAllocator } from './page-allocator.ts';
import { PciBus, type BarPolicy } from './pci-bus.ts';
import { directDma, invalidationOf, type IommuPolicy } from './dma-api.ts';
import type { TablePages } from './io-page-table.ts';
import { ramWindow } from './ram-window.ts';
import type { MdevDevice } from './mdev/mdev-device.ts';
import type { MediationOptions } from './mdev/mdev-share.ts';
import type { MediatedBell } from './mdev/mediated-bell.ts';
import { cost } from './profile.ts';
import type { VfioContainer } from './vfio-container.ts';
import { VfioProcess } from './vfio-process.ts';
import { Service } from './service.ts';
import { VirtualIommu, type VirtualIommuState } from './viommu.ts';
import { type DeviceModel, wire } from './wiring.ts';

/** Guest RAM begins on a boundary of the IOMMU's large pages, so that few entries map it. */
const LARGE_PAGE = 2 << 20;

export interface VmOptions {
  readonly name: string;
  readonly ramBytes: number;
  /** Interrupts reach the running guest without exits. */
  readonly postedInterrupts: boolean;
  /** The mode of its DMA API over an IOMMU of its own, in front of assigned functions; off by default. */
  readonly viommu?: IommuPolicy;
}

/** A mediated device in a guest, and the process that has it open. */
export interface Mediation {
  readonly process: VfioProcess;
  readonly container: VfioContainer;
  readonly vgpu: MediatedBell;
}

export class Vm implements Stateful<unknown> {
  readonly computer: Computer;
  readonly bus: PciBus;
  private readonly host: Host;
  private readonly ramBase: number;
  private readonly options: VmOptions;
  private readonly pages: PageAllocator;
  private readonly interrupts: InterruptController;
  /** Undefined: devices are given guest-physical addresses. */
  readonly viommu: VirtualIommu | undefined;
  private readonly models = new Map<Bdf, DeviceModel>();
  private readonly assigned = new Map<Bdf, AssignedDevice>();
  /** To VFIO and to those who pin pages of it: what the guest is. */
  private readonly processes: VfioProcess[] = [];
  private readonly life: Service<'stop' | 'end'>;
  private isEnded = false;

  constructor(host: Host, options: VmOptions) {
    const { machine } = host;
    const cpu = machine.newCpu();
    const space = new AddressSpace();
    this.host = host;
    this.options = options;
    this.ramBase = host.pages.allocate(options.ramBytes, LARGE_PAGE);
    space.add({
      kind: 'ram',
      name: 'RAM',
      base: 0,
      size: options.ramBytes,
      memoryOffset: this.ramBase,
    });
    this.pages = new PageAllocator(0, options.ramBytes);
    this.bus = new PciBus(space, machine.tracer);
    this.interrupts = new InterruptController(
      machine,
      cpu,
      options.postedInterrupts ? 'posted' : 'injected',
    );
    this.life = new Service(machine, {
      stop: () => {
        this.turnOff();
      },
      end: () => {
        this.giveBack();
      },
    });
    this.viommu = this.newViommu(options.viommu ?? 'off');
    this.computer = new Computer({
      machine,
      cpu,
      space,
      bus: this.bus,
      interrupts: this.interrupts,
      memory: host.memory,
      pages: this.pages,
      virtual: true,
      dmaFor: (at) => this.viommu?.dmaOf(at) ?? directDma,
    });
  }

  /** Gives the guest a device model in software. */
  emulate<D extends DeviceModel>(
    at: Bdf,
    make: (host: DeviceHost) => D,
    policy: BarPolicy,
    display: Display,
  ): D {
    const line = this.interrupts.addLine(at);
    const model = wire(this.host.machine, this.host.memory, make, {
      requester: { id: at },
      translation: new GuestWindow(this.ramBase, this.options.ramBytes),
      dmaPrices: inSoftware,
      display,
      message: (address, data) => {
        this.interrupts.signal(address, data);
      },
      line: (high) => {
        this.interrupts.setLine(line, high);
      },
      decodeChanged: () => {
        this.bus.decodeChanged();
      },
    });
    this.bus.plug(at, model, policy);
    this.models.set(at, model);
    return model;
  }

  /**
   * Assigns a physical function, as QEMU's vfio-pci does: the group, a container with all of the
   * guest's RAM mapped, or with what the guest's own IOMMU maps, then the device.
   */
  assign(at: Bdf, physical: Bdf, groupId: number): void {
    const { vfio } = this.host;
    this.interrupts.addLine(at);
    // The process that the guest is, to VFIO: its addresses are the guest's.
    const { ramBytes } = this.options;
    const user = this.newProcess();
    const container = user.opened(vfio.openContainer(user));
    const group = user.opened(vfio.openGroup(groupId, user));
    group.setContainer(container);
    container.setIommu('type1v2');
    if (this.viommu === undefined) {
      container.map(0, 0, ramBytes, { read: true, write: true });
    } else {
      this.viommu.add(at, container);
    }
    const device = new AssignedDevice({
      vfio: user.opened(group.device(physical)),
      physical: this.host.bus.function(physical),
      inject: (address, data) => {
        this.interrupts.signal(address, data);
      },
      decodeChanged: () => {
        this.bus.decodeChanged();
      },
    });
    this.bus.plug(at, device, (bar, size) => {
      const { address } = this.host.bus.barAddress(physical, bar);
      return device.barParts(bar, size).map((part) => ({ ...part, onBus: address + part.offset }));
    });
    this.assigned.set(at, device);
  }

  /**
   * Gives the guest a mediated device, as QEMU's vfio-pci does: the group, a container with all of
   * the guest's RAM mapped but no page of it pinned, then the device.
   */
  mediate(
    at: Bdf,
    device: MdevDevice,
    { display, ...options }: MediationOptions & { readonly display: Display },
  ): Mediation {
    const { vfio } = this.host;
    const { ramBytes } = this.options;
    const process = this.newProcess();
    const group = process.opened(vfio.openGroup(device.groupId, process));
    const container = process.opened(vfio.openContainer(process));
    group.setContainer(container);
    container.setIommu('type1v2');
    container.map(0, 0, ramBytes, { read: true, write: true });
    process.opened(group.emulatedDevice(device.name));
    const vgpu: MediatedBell = this.emulate(
      at,
      (ports) => device.present(ports, options),
      (bar, size) => vgpu.barParts(bar, size),
      display,
    );
    return { process, container, vgpu };
  }

  /** The guest's RAM, for a backend of the host whose device the guest has made a bus master. */
  memory(isBusMaster: () => boolean): DeviceMemory {
    const { ram } = this.host.computer;
    return new GuestMemory(ram, this.ramBase, this.options.ramBytes, isBusMaster);
  }

  /** Pins pages of the guest's RAM for a device that the host serves it with; `limit`: how many at most. */
  pinner(limit = this.options.ramBytes / PAGE_BYTES): PagePinner {
    const process = this.newProcess();
    return {
      pin: (guestAddress) => {
        if (process.pins >= limit) {
          return -1;
        }
        this.host.machine.charge(cost['vfio.pinPage']);
        return process.pin(guestAddress);
      },
      adopt: (guestAddress) => {
        process.pin(guestAddress);
      },
      unpin: () => {
        process.unpin();
      },
    };
  }

  private newProcess(): VfioProcess {
    const { name, ramBytes } = this.options;
    const process = new VfioProcess({ name, base: this.ramBase, bytes: ramBytes });
    this.processes.push(process);
    return process;
  }

  /** How often pages of it are pinned, all together. */
  get pins(): number {
    return this.processes.reduce((sum, { pins }) => sum + pins, 0);
  }

  /** Its CPU stops in the middle of whatever it does. From a task of another one. */
  stop(): void {
    this.life.call('stop');
  }

  private turnOff(): void {
    this.host.machine.turnOff(this.computer.parts.cpu);
  }

  /**
   * Its process dies, and with it the device models that are part of it; the kernel closes what it has
   * open, and has its memory back. Backends that are no part of it have let go of that before.
   */
  end(): void {
    if (!this.isEnded) {
      this.life.call('end');
    }
  }

  private giveBack(): void {
    this.isEnded = true;
    this.turnOff();
    this.models.forEach((model) => {
      model.reset();
    });
    this.closeAll();
    this.host.pages.free(this.ramBase);
  }

  private closeAll(): void {
    this.processes.forEach((process) => {
      process.exit();
    });
  }

  /**
   * Before the host is loaded: of one that had ended by the time of the state, the kernel closes what
   * it has open.
   */
  bury(saved: unknown): void {
    const { isEnded } = saved as VmState;
    if (isEnded && !this.isEnded) {
      this.isEnded = true;
      this.closeAll();
    }
  }

  private newViommu(policy: IommuPolicy): VirtualIommu | undefined {
    const invalidation = invalidationOf(policy);
    if (invalidation === undefined) {
      return undefined;
    }
    const { machine } = this.host;
    const memory = ramWindow(this.host.memory, this.ramBase, this.options.ramBytes);
    const pages: TablePages = {
      allocatePage: () => {
        const address = this.pages.allocate(PAGE_BYTES);
        memory.bytes.fill(0, address, address + PAGE_BYTES);
        memory.touched(address, PAGE_BYTES);
        return address;
      },
      freePage: (address) => {
        this.pages.free(address);
      },
    };
    return new VirtualIommu({ machine, memory, pages, invalidation });
  }

  save(): unknown {
    return {
      ramBase: this.ramBase,
      ramBytes: this.options.ramBytes,
      pages: this.pages.save(),
      interrupts: this.interrupts.save(),
      models: [...this.models].map(([at, model]) => [at, model.save()] as const),
      assigned: [...this.assigned].map(([at, device]) => [at, device.save()] as const),
      viommu: this.viommu?.save(),
      isEnded: this.isEnded,
    } satisfies VmState;
  }

  /**
   * The host is loaded first. @throws RangeError when it has ended and had not then: what VFIO had open
   * for it is closed.
   */
  load(saved: unknown): void {
    const state = saved as VmState;
    if (this.isEnded && !state.isEnded) {
      throw new RangeError(`${this.options.name} has ended: a state of before is for a new one.`);
    }
    this.isEnded = state.isEnded;
    this.pages.load(state.pages);
    this.interrupts.load(state.interrupts);
    for (const [at, model] of state.models) {
      this.models.get(at)?.load(model);
      this.busChanged();
    }
    for (const [at, device] of state.assigned) {
      this.assigned.get(at)?.load(device);
      this.busChanged();
    }
    if (state.viommu !== undefined) {
      this.viommu?.load(state.viommu);
    }
  }

  /** Of one that has ended nobody asks what its bus decodes, and VFIO answers no more. */
  private busChanged(): void {
    if (!this.isEnded) {
      this.bus.decodeChanged();
    }
  }
}

/** Of a guest: where its RAM lies in the machine's memory, and what it has. */
export interface VmState {
  readonly ramBase: number;
  readonly ramBytes: number;
  readonly pages: ReturnType<PageAllocator['save']>;
  readonly interrupts: ReturnType<InterruptController['save']>;
  readonly models: readonly (readonly [Bdf, unknown])[];
  readonly assigned: readonly (readonly [Bdf, ReturnType<AssignedDevice['save']>])[];
  readonly viommu: VirtualIommuState | undefined;
  readonly isEnded: boolean;
}
