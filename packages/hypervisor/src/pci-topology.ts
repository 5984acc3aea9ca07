/**
 * The tree of a machine's PCI functions: root bus, bridges, and what is behind them. Functions
 * have the numbers that firmware gave to the buses; before that, they are known by their place.
 */
import { type Bdf, extract, formatBdf, type PciEndpoint, type0Header } from '@doorbell/abi';
import { isBridge, passesDown, passesUp } from './bridge-window.ts';
import type { Requester } from './bus-master.ts';
import { deriveGroups } from './iommu-groups.ts';
import { isPciBridge } from './port-type.ts';

const { HEADER_TYPE } = type0Header.rows;
const SLOT_MASK = 0xff;
const FUNCTION_MASK = 7;
const UNNUMBERED = -1;

/** A function in its place. */
export class PciNode implements Requester {
  readonly endpoint: PciEndpoint;
  /** The bridge above it; undefined on the root bus. */
  readonly parent: PciNode | undefined;
  /** Device 7:3 and function 2:0. */
  readonly slot: number;
  readonly isBridge: boolean;
  /** What is right behind this bridge. */
  readonly children: PciNode[] = [];
  /** Its routing ID, from firmware. */
  bdf: Bdf = UNNUMBERED;
  /** The ID that its requests arrive with at the root complex. */
  id: Bdf = UNNUMBERED;
  /** Of a bridge: the bus right behind it and the last one behind it, from firmware. */
  secondary = 0;
  subordinate = 0;
  /** As the kernel sees it: its header says so, or it was found beside a function 0 that does. */
  isMultifunction = false;
  /** Whether it is plugged in, and all bridges above pass its requests up now. */
  isHeard = true;
  private isPresent = true;

  constructor(endpoint: PciEndpoint, parent: PciNode | undefined, slot: number) {
    this.endpoint = endpoint;
    this.parent = parent;
    this.slot = slot;
    this.isBridge = isBridge(endpoint);
  }

  /** Bit 7 of the header type. */
  get saysMultifunction(): boolean {
    const { offset, width, bits } = HEADER_TYPE;
    return extract(bits.MULTIFUNCTION, this.endpoint.configRead(offset, width)) === 1;
  }

  /** Whether a request from the CPU to these addresses arrives. */
  isReached(base: number, size: number): boolean {
    for (let above = this.parent; above !== undefined; above = above.parent) {
      if (!passesDown(above.endpoint, base, size)) {
        return false;
      }
    }
    return true;
  }

  /** Notes whether it is heard, after a bridge's registers changed. */
  update(): void {
    const { parent } = this;
    this.isHeard =
      this.isPresent && (parent === undefined || (parent.isHeard && passesUp(parent.endpoint)));
    this.children.forEach((child) => {
      child.update();
    });
  }

  /** It was pulled out. */
  leave(): void {
    this.isPresent = false;
    this.update();
  }

  /** Gives it its numbers. */
  number(bus: number, isMultifunction: boolean): void {
    this.bdf = (bus << 8) | this.slot;
    this.id = this.alias() ?? this.bdf;
    this.isMultifunction = isMultifunction;
  }

  /**
   * What is behind a PCIe-to-PCI bridge has no IDs of its own on PCI Express: the bridge asks as
   * function 0 of its secondary bus (PCI Express to PCI/PCI-X Bridge 1.0 §2.3).
   */
  private alias(): Bdf | undefined {
    let found: Bdf | undefined;
    for (let above = this.parent; above !== undefined; above = above.parent) {
      found = isPciBridge(above.endpoint) ? above.secondary << 8 : found;
    }
    return found;
  }
}

export class PciTopology {
  /** What is on the root bus. */
  readonly roots: PciNode[] = [];
  private readonly numbered = new Map<Bdf, PciNode>();

  /** A function in a place that is free. @throws RangeError when it is not. */
  add(endpoint: PciEndpoint, parent: PciNode | undefined, slot: number): PciNode {
    const siblings = parent?.children ?? this.roots;
    if (!(slot >= 0 && slot <= SLOT_MASK) || siblings.some((other) => other.slot === slot)) {
      throw new RangeError(`Nothing can be plugged in at ${place(slot)} of that bus.`);
    }
    const node = new PciNode(endpoint, parent, slot);
    siblings.push(node);
    siblings.sort((a, b) => a.slot - b.slot);
    return node;
  }

  /** Firmware has found it on that bus. */
  number(node: PciNode, bus: number, isMultifunction: boolean): void {
    node.number(bus, isMultifunction);
    this.numbered.set(node.bdf, node);
  }

  /** @throws RangeError when nothing is there, or something is behind it. */
  remove(at: Bdf): void {
    this.checkRemovable(at);
    const node = this.node(at);
    const siblings = node.parent?.children ?? this.roots;
    siblings.splice(siblings.indexOf(node), 1);
    node.leave();
    this.numbered.delete(at);
  }

  /** @throws RangeError when nothing is there. */
  node(at: Bdf): PciNode {
    const node = this.numbered.get(at);
    if (node === undefined) {
      throw new RangeError(`No function is at ${formatBdf(at)}.`);
    }
    return node;
  }

  /** @throws RangeError as `remove` would. */
  checkRemovable(at: Bdf): void {
    if (this.node(at).children.length > 0) {
      throw new RangeError(`${formatBdf(at)} cannot be removed before what is behind it.`);
    }
  }

  /** The bridge whose secondary side a bus is on; undefined for the root bus. @throws RangeError when there is no such bus. */
  bridgeOf(bus: number): PciNode | undefined {
    let above: PciNode | undefined;
    let below = bus === 0 ? undefined : this.roots.find((node) => leadsTo(node, bus));
    if (bus !== 0 && below === undefined) {
      throw new RangeError(`There is no bus ${bus}.`);
    }
    while (below !== undefined) {
      above = below;
      below = below.children.find((node) => leadsTo(node, bus));
    }
    return above;
  }

  // ------------------------------------------------------------------------------ questions

  /** All functions, bridges too, in order of routing ID: the order in which the kernel finds them. */
  functions(): readonly Bdf[] {
    return [...this.numbered.keys()].sort((a, b) => a - b);
  }

  endpoint(at: Bdf): PciEndpoint {
    return this.node(at).endpoint;
  }

  /** The bridge above; undefined on the root bus. */
  parentOf(at: Bdf): Bdf | undefined {
    return this.node(at).parent?.bdf;
  }

  /** All functions behind a bridge, in order of routing ID. */
  below(at: Bdf): readonly Bdf[] {
    const behind = ({ children }: PciNode): Bdf[] =>
      children.flatMap((child) => [child.bdf, ...behind(child)]);
    return behind(this.node(at)).sort((a, b) => a - b);
  }

  /** The functions of one device, this one too. */
  functionsOfSlot(at: Bdf): readonly Bdf[] {
    const device = at & ~FUNCTION_MASK;
    return this.functions().filter((other) => (other & ~FUNCTION_MASK) === device);
  }

  /** The IDs that its requests may arrive with: its own, and what a PCIe-to-PCI bridge makes of it. */
  requestersOf(at: Bdf): readonly Bdf[] {
    const { id } = this.node(at);
    return id === at ? [at] : [at, id];
  }

  isMultifunction(at: Bdf): boolean {
    return this.node(at).isMultifunction;
  }

  /** What the functions' IOMMU groups are when they are found in this order; a group's number is its index. */
  groups(): readonly (readonly Bdf[])[] {
    return deriveGroups(this);
  }

  /** A bridge's registers changed. */
  update(): void {
    this.roots.forEach((node) => {
      node.update();
    });
  }
}

function leadsTo({ isBridge: passes, secondary, subordinate }: PciNode, bus: number): boolean {
  return passes && secondary <= bus && bus <= subordinate;
}

function place(slot: number): string {
  return formatBdf(slot).slice('00:'.length);
}
