/**
 * The physical PCI hierarchy: devices and bridges are plugged in by place, firmware finds and
 * numbers them, and from then on they are known by routing ID.
 */
import { crossing, crossingOf, type Bdf, type DeviceHost, type Display } from '@doorbell/abi';
import {
  type BridgeKind,
  type BridgeOptions,
  type PagedMemory,
  PciBridge,
} from '@doorbell/device-model';
import { overTheBus, type Translation } from './bus-master.ts';
import type { InterruptController } from './interrupt-controller.ts';
import type { Machine } from './machine.ts';
import { allMapped, type PciBus } from './pci-bus.ts';
import { assignAddresses, numberBuses } from './pci-firmware.ts';
import { PciTopology, type PciNode } from './pci-topology.ts';
import type { VirtualFunctionOf } from './virtual-function.ts';
import { type DeviceModel, type DeviceWiring, wire } from './wiring.ts';

export interface PhysicalPciParts {
  readonly machine: Machine;
  readonly memory: PagedMemory;
  readonly bus: PciBus;
  /** The root complex's. */
  readonly iommu: Translation;
  readonly interrupts: InterruptController;
  readonly display: Display;
  /** A message that arrived at the root complex. */
  readonly message: (address: number, data: number) => void;
  /** A function's INTx changed. True: not a driver of the host has it. */
  readonly takesLine: (at: Bdf, high: boolean) => boolean;
}

/** What may be chosen of a bridge. */
export type PortOptions = Pick<BridgeOptions, 'acs' | 'multifunction'>;
export type MakeDevice<D extends DeviceModel> = (host: DeviceHost) => D;

/** A virtual function that appears. */
export interface HotVirtual {
  /** Its physical function, which is on the bus. */
  readonly virtualOf: VirtualFunctionOf;
  /** It has a screen of its own. */
  readonly display: Display;
  /** Whether a driver of the host may bind it at once. */
  readonly probe: boolean;
}

/** Where things are plugged in: the root bus, or what is behind a bridge. */
export interface PciSlots {
  /** A bridge. `at` is device and function; which bus that is, firmware will say. */
  addPort(at: Bdf, kind: BridgeKind, options?: PortOptions): Port;
  /** A device. `at` is as in `addPort`. */
  plug<D extends DeviceModel>(at: Bdf, make: MakeDevice<D>): D;
}

/** A bridge that was plugged in. */
export interface Port extends PciSlots {
  readonly bridge: PciBridge;
}

/** Where a device is; it is made before it is put there. */
interface Place {
  node?: PciNode;
}
const NOWHERE: Bdf = -1;
const REFUSED = -1;

export class PhysicalPci implements PciSlots {
  readonly topology = new PciTopology();
  private readonly parts: PhysicalPciParts;
  /** Models by node, in the order in which they were plugged in. */
  private readonly models = new Map<PciNode, DeviceModel>();

  constructor(parts: PhysicalPciParts) {
    this.parts = parts;
  }

  /** @throws RangeError when the place is taken. */
  addPort(at: Bdf, kind: BridgeKind, options?: PortOptions): Port {
    return this.portBelow(undefined, at, kind, options);
  }

  /** @throws RangeError when the place is taken. */
  plug<D extends DeviceModel>(at: Bdf, make: MakeDevice<D>): D {
    return this.plugBelow(undefined, at, make);
  }

  /** What firmware does. @throws RangeError when a function cannot be found, or BARs have no room. */
  boot(): void {
    const { topology, parts } = this;
    numberBuses(topology);
    for (const node of this.models.keys()) {
      this.connect(node);
    }
    assignAddresses(topology, parts.bus);
  }

  /** A function appears on a bus that firmware has numbered. Its BARs have no addresses yet. */
  add<D extends DeviceModel>(at: Bdf, make: MakeDevice<D>, virtual?: HotVirtual): D {
    const { topology } = this;
    const parent = topology.bridgeOf(at >>> 8);
    const device = this.plugBelow(parent, at & 0xff, make, virtual?.display);
    const node = this.nodeOf(device);
    topology.number(node, at >>> 8, node.saysMultifunction);
    this.connect(node, virtual?.virtualOf);
    this.parts.bus.sizeBars(at);
    return device;
  }

  /** A function vanishes. @throws RangeError when none is there, or something is behind it. */
  remove(at: Bdf): void {
    const { topology, parts } = this;
    const node = topology.node(at);
    topology.checkRemovable(at);
    this.models.get(node)?.reset();
    this.models.delete(node);
    parts.bus.unplug(at);
    topology.remove(at);
  }

  /** @throws RangeError when it was not plugged in here. */
  addressOf(device: DeviceModel): Bdf {
    return this.nodeOf(device).bdf;
  }

  private nodeOf(device: DeviceModel): PciNode {
    for (const [node, model] of this.models) {
      if (model === device) {
        return node;
      }
    }
    throw new RangeError('That device is not plugged in here.');
  }

  /** Makes it answer at its routing ID. */
  private connect(node: PciNode, virtualOf?: VirtualFunctionOf): void {
    this.parts.bus.plug(node.bdf, node.endpoint, allMapped, node, virtualOf);
    if (!node.isBridge) {
      this.parts.interrupts.addLine(node.bdf);
    }
    node.update();
  }

  private portBelow(
    parent: PciNode | undefined,
    at: Bdf,
    kind: BridgeKind,
    options: PortOptions = {},
  ): Port {
    const bridge = this.plugBelow(
      parent,
      at,
      (host) =>
        new PciBridge(host, {
          ...options,
          kind,
          resetSecondary: () => {
            this.resetBelow(node);
          },
        }),
    );
    const node = this.nodeOf(bridge);
    return {
      bridge,
      addPort: (below, kindBelow, optionsBelow) => {
        checkPlace(kind, below);
        return this.portBelow(node, below, kindBelow, optionsBelow);
      },
      plug: (below, make) => {
        checkPlace(kind, below);
        return this.plugBelow(node, below, make);
      },
    };
  }

  private resetBelow(node: PciNode): void {
    for (const child of node.children) {
      this.models.get(child)?.reset();
      this.resetBelow(child);
    }
  }

  private plugBelow<D extends DeviceModel>(
    parent: PciNode | undefined,
    at: Bdf,
    make: MakeDevice<D>,
    display: Display = this.parts.display,
  ): D {
    const { machine, memory } = this.parts;
    const place: Place = {};
    const device = wire(machine, memory, make, this.wiringAt(place, display));
    place.node = this.topology.add(device, parent, at);
    this.models.set(place.node, device);
    return device;
  }

  /** What a device is handed before it is in its place, and uses once it has numbers. */
  private wiringAt(place: Place, display: Display): DeviceWiring {
    const { machine, bus, iommu, interrupts, message, takesLine } = this.parts;
    const isHeard = (): boolean => place.node?.isHeard === true;
    return {
      requester: {
        get id(): Bdf {
          return place.node?.id ?? NOWHERE;
        },
      },
      translation: {
        // A bridge that is no bus master ends a request as unsupported: the IOMMU never sees it.
        translate: (id, iova, write) => (isHeard() ? iommu.translate(id, iova, write) : REFUSED),
        takeLatency: () => iommu.takeLatency(),
      },
      dmaPrices: overTheBus,
      display,
      message: (address, data) => {
        if (isHeard()) {
          const how = crossing.of(place.node?.id ?? NOWHERE, crossingOf.WRITE);
          machine.tracer.event('message', address, data, how);
          message(address, data);
        }
      },
      line: (high) => {
        machine.counts.interrupts += high ? 1 : 0;
        const at = place.node?.bdf ?? NOWHERE;
        machine.tracer.event('line', high ? 1 : 0, 0, crossing.of(at, crossingOf.WRITE));
        if (!takesLine(at, high)) {
          interrupts.setLine(interrupts.lineOf(at), high);
        }
      },
      decodeChanged: () => {
        place.node?.update();
        bus.decodeChanged();
      },
    };
  }

  /** The models, in the order in which they were plugged in. */
  devices(): readonly (readonly [Bdf, DeviceModel])[] {
    return [...this.models].map(([node, device]) => [node.bdf, device] as const);
  }
}

/** A link has one device at its other end (PCIe 6.0 §7.3.1). @throws RangeError. */
function checkPlace(above: BridgeKind, at: Bdf): void {
  if ((above === 'ROOT_PORT' || above === 'DOWNSTREAM_PORT') && at >>> 3 !== 0) {
    throw new RangeError(`Behind a ${above} there is a link, which has a device 0 only.`);
  }
}
