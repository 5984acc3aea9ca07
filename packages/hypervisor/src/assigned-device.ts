/**
 * An assigned function as its guest sees it: what QEMU's vfio-pci puts between the guest and
 * VFIO. VFIO keeps the guest's BARs; here are the memory bit of the command register and MSI-X,
 * whose table is emulated because its addresses are the guest's and not the host's. All else is
 * the device.
 */
import {
  allOnes,
  capabilityIds,
  msixCapability,
  PAGE_BYTES,
  type0Header,
  type AccessWidth,
  type MemoryBacking,
  type PciEndpoint,
  type Stateful,
} from '@doorbell/abi';
import { Msix, type BarRegion, type MsixState } from '@doorbell/device-model';
import type { EventFd } from './event-fd.ts';
import type { BarPart } from './pci-bus.ts';
import { findCapability } from './pci-function.ts';
import type { VfioDeviceState } from './vfio-device.ts';
import { irqIndexes } from './vfio-interrupts.ts';
import type { VfioDevice } from './vfio.ts';

/** VFIO_PCI_CONFIG_REGION_INDEX (linux/vfio.h). */
const CONFIG_REGION = 7;

const { COMMAND } = type0Header.rows;
const { CONTROL, TABLE, PENDING } = msixCapability.rows;
const { ENABLE, FUNCTION_MASK, TABLE_SIZE } = CONTROL.bits;

export interface AssignedDeviceParts {
  readonly vfio: VfioDevice;
  /** The function itself, for the BARs that are mapped. */
  readonly physical: PciEndpoint;
  /** Gives the guest a message. */
  readonly inject: (address: number, data: number) => void;
  readonly decodeChanged: () => void;
}

export interface AssignedDeviceState {
  readonly vfio: VfioDeviceState;
  readonly memoryEnable: boolean;
  readonly msix: MsixState;
}

/** A part of a BAR that the guest is shown in place of the function's. */
interface Window {
  readonly bar: number;
  readonly region: BarRegion;
}

export class AssignedDevice implements PciEndpoint, Stateful<AssignedDeviceState> {
  private readonly parts: AssignedDeviceParts;
  private memoryEnable = false;
  /** Where the MSI-X capability is; 0 for none. */
  private readonly msixAt: number;
  private readonly msix: Msix;
  private readonly windows: readonly Window[];

  constructor(parts: AssignedDeviceParts) {
    this.parts = parts;
    this.msixAt = findCapability(parts.physical, capabilityIds.MSIX);
    const control = this.msixAt === 0 ? 0 : this.config(this.msixAt + CONTROL.offset, 2);
    const vectors = this.msixAt === 0 ? 0 : (control & TABLE_SIZE.mask) + 1;
    this.msix = new Msix(vectors, (_vector, address, data) => {
      parts.inject(address, data);
      return true;
    });
    this.windows = this.msixAt === 0 ? [] : this.msixWindows();
    parts.vfio.whenReset(() => {
      this.clear();
    });
  }

  /** The table and the pending bits, where the function has its own. */
  private msixWindows(): readonly Window[] {
    const table = this.config(this.msixAt + TABLE.offset, 4);
    const pending = this.config(this.msixAt + PENDING.offset, 4);
    return [
      { bar: table & 7, region: this.msix.tableRegion((table & ~7) >>> 0) },
      { bar: pending & 7, region: this.msix.pendingRegion((pending & ~7) >>> 0) },
    ];
  }

  /** Which parts of a BAR the guest reaches directly: all but the pages of the MSI-X table and pending bits. */
  barParts(bar: number, size: number): readonly BarPart[] {
    const own = this.windows.filter((window) => window.bar === bar).map(({ region }) => region);
    if (own.length === 0) {
      return [{ kind: 'mapped', offset: 0, size }];
    }
    const first = Math.min(...own.map(({ base }) => base));
    const last = Math.max(...own.map((region) => region.base + region.size));
    const from = first - (first % PAGE_BYTES);
    const to = Math.min(size, Math.ceil(last / PAGE_BYTES) * PAGE_BYTES);
    const parts: readonly BarPart[] = [
      { kind: 'mapped', offset: 0, size: from },
      { kind: 'trapped', offset: from, size: to - from },
      { kind: 'mapped', offset: to, size: size - to },
    ];
    return parts.filter((part) => part.size > 0);
  }

  // ------------------------------------------------------------------------------ configuration

  configRead(offset: number, width: AccessWidth): number {
    let value = this.config(offset, width);
    for (let at = offset; at < offset + width; at++) {
      const own = this.ownByte(at);
      if (own !== undefined) {
        const shift = (at - offset) * 8;
        value = ((value & ~(0xff << shift)) | (own << shift)) >>> 0;
      }
    }
    return value;
  }

  /** The byte of configuration space that the guest has of its own, or undefined. */
  private ownByte(at: number): number | undefined {
    if (at === COMMAND.offset) {
      const rest = this.config(at, 1) & ~COMMAND.bits.MEMORY.mask;
      return rest | (this.memoryEnable ? COMMAND.bits.MEMORY.mask : 0);
    }
    if (this.msixAt !== 0 && at === this.msixAt + CONTROL.offset + 1) {
      return this.msix.control >>> 8;
    }
    return undefined;
  }

  configWrite(offset: number, width: AccessWidth, value: number): void {
    if (offset === COMMAND.offset) {
      this.memoryEnable = (value & COMMAND.bits.MEMORY.mask) !== 0;
      // The host keeps the device's memory decoded: the guest's mappings are what comes and goes.
      this.parts.vfio.write(CONFIG_REGION, offset, width, value | COMMAND.bits.MEMORY.mask);
      this.parts.decodeChanged();
    } else if (this.msixAt !== 0 && this.touchesMsixControl(offset, width)) {
      const shift = (offset - (this.msixAt + CONTROL.offset)) * 8;
      this.writeMsixControl(shift < 0 ? value >>> -shift : value << shift);
    } else {
      this.parts.vfio.write(CONFIG_REGION, offset, width, value);
      this.parts.decodeChanged();
    }
  }

  /** The function was reset, so the guest sees reset values (PCIe 6.0 §6.6.2). */
  private clear(): void {
    const { vfio } = this.parts;
    this.turnOffMessages();
    vfio.clearConfig();
    vfio.write(CONFIG_REGION, COMMAND.offset, 2, COMMAND.bits.MEMORY.mask);
    this.memoryEnable = false;
    this.msix.reset();
    this.parts.decodeChanged();
  }

  private config(offset: number, width: AccessWidth): number {
    return this.parts.vfio.read(CONFIG_REGION, offset, width);
  }

  // ------------------------------------------------------------------------------ BARs

  barRead(bar: number, offset: number, width: AccessWidth): number {
    const region = this.regionAt(bar, offset, width);
    if (region === undefined) {
      return this.parts.physical.barRead(bar, offset, width);
    }
    return region.widths.includes(width)
      ? region.read(offset - region.base, width)
      : allOnes(width);
  }

  barWrite(bar: number, offset: number, width: AccessWidth, value: number): void {
    const region = this.regionAt(bar, offset, width);
    if (region === undefined) {
      this.parts.physical.barWrite(bar, offset, width, value);
    } else if (region.widths.includes(width)) {
      region.write(offset - region.base, width, value);
      this.addTriggers();
    }
  }

  barMemory(bar: number): MemoryBacking | undefined {
    return this.parts.physical.barMemory(bar);
  }

  /** What the access touches of the guest's own, if only a byte: the function never sees that. */
  private regionAt(bar: number, offset: number, width: AccessWidth): BarRegion | undefined {
    const touches = ({ base, size }: BarRegion): boolean =>
      offset < base + size && offset + width > base;
    return this.windows.find((window) => window.bar === bar && touches(window.region))?.region;
  }

  // ------------------------------------------------------------------------------ MSI-X

  private touchesMsixControl(offset: number, width: AccessWidth): boolean {
    const high = this.msixAt + CONTROL.offset + 1;
    return offset <= high && offset + width > high;
  }

  private writeMsixControl(value: number): void {
    if (this.msix.enabled && (value & ENABLE.mask) === 0) {
      this.turnOffMessages();
    }
    this.msix.setControl(value & (ENABLE.mask | FUNCTION_MASK.mask));
    this.addTriggers();
  }

  /** A vector is given to VFIO when it is unmasked for the first time (vfio_msix_vector_do_use). */
  private addTriggers(): void {
    const { vfio } = this.parts;
    for (let vector = 0; vector < this.msix.vectors; vector++) {
      if (this.msix.delivers(vector) && !vfio.interrupts.has(vector)) {
        vfio.setIrqs({
          index: irqIndexes.MSIX,
          start: vector,
          action: 'trigger',
          data: { kind: 'eventfd', fds: [this.triggerOf(vector)] },
        });
      }
    }
  }

  private turnOffMessages(): void {
    const { vfio } = this.parts;
    if (vfio.interrupts.isActive(irqIndexes.MSIX)) {
      const data = { kind: 'none', count: 0 } as const;
      vfio.setIrqs({ index: irqIndexes.MSIX, start: 0, action: 'trigger', data });
    }
  }

  private triggerOf(vector: number): EventFd {
    return {
      signal: () => {
        this.msix.signal(vector);
      },
      listen: () => {},
    };
  }

  save(): AssignedDeviceState {
    return {
      vfio: this.parts.vfio.save(),
      memoryEnable: this.memoryEnable,
      msix: this.msix.save(),
    };
  }

  /** The function and the host's interrupts are loaded first. */
  load(state: AssignedDeviceState): void {
    this.parts.vfio.load(state.vfio, (vector) => this.triggerOf(vector));
    this.memoryEnable = state.memoryEnable;
    this.msix.load(state.msix);
  }
}
