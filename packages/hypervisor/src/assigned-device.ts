/**
 * An assigned function as its guest sees it: what QEMU's vfio-pci puts between the guest and
 * VFIO. VFIO keeps the guest's BARs; here are the memory bit of the command register and MSI-X,
 * whose table is emulated because its addresses are the guest's and not the host's. All else is
 * the device.
 */
import {
  allOnes,
  BAR_COUNT,
  barOffset,
  capabilityIds,
  msixCapability,
  msixEntry,
  PAGE_BYTES,
  pcieCapability,
  type0Header,
  type AccessWidth,
  type MemoryBacking,
  type PciEndpoint,
  type Stateful,
} from '@doorbell/abi';
import type { BarPart } from './pci-bus.ts';
import { findCapability } from './pci-function.ts';
import { irqIndexes } from './vfio-interrupts.ts';
import type { VfioDevice } from './vfio.ts';

/** VFIO_PCI_CONFIG_REGION_INDEX (linux/vfio.h). */
const CONFIG_REGION = 7;

const { COMMAND } = type0Header.rows;
const MSIX = msixCapability.rows;
const ENTRY = msixEntry.rows;
const ENTRY_WORDS = msixEntry.size / 4;

export interface AssignedDeviceParts {
  readonly vfio: VfioDevice;
  /** The function itself, for the BARs that are mapped. */
  readonly physical: PciEndpoint;
  /** Gives the guest a message. */
  readonly inject: (address: number, data: number) => void;
  readonly decodeChanged: () => void;
}

export interface AssignedDeviceState {
  readonly bars: Uint32Array;
  readonly memoryEnable: boolean;
  readonly msixControl: number;
  readonly table: Uint32Array;
  readonly pending: Uint8Array;
  readonly triggered: Uint8Array;
}

export class AssignedDevice implements PciEndpoint, Stateful<AssignedDeviceState> {
  private readonly parts: AssignedDeviceParts;
  private memoryEnable = false;

  /** Where the capabilities are; 0 for none. */
  private readonly msixAt: number;
  private readonly pcieAt: number;
  private readonly msixBar: number;
  private readonly tableAt: number;
  private readonly pendingAt: number;
  private msixControl = 0;
  private readonly table: Uint32Array;
  private readonly pending: Uint8Array;
  /** Vectors for which VFIO was given a trigger. */
  private readonly triggered: Uint8Array;

  constructor(parts: AssignedDeviceParts) {
    this.parts = parts;
    this.msixAt = findCapability(parts.physical, capabilityIds.MSIX);
    this.pcieAt = findCapability(parts.physical, capabilityIds.PCIE);
    const size = MSIX.CONTROL.bits.TABLE_SIZE.mask;
    const count = this.msixAt === 0 ? 0 : (this.config(this.msixAt + 2, 2) & size) + 1;
    const table = this.msixAt === 0 ? 7 : this.config(this.msixAt + MSIX.TABLE.offset, 4);
    const pending = this.msixAt === 0 ? 7 : this.config(this.msixAt + MSIX.PENDING.offset, 4);
    this.msixBar = table & 7;
    this.tableAt = (table & ~7) >>> 0;
    this.pendingAt = (pending & ~7) >>> 0;
    this.table = new Uint32Array(count * ENTRY_WORDS);
    this.pending = new Uint8Array(count);
    this.triggered = new Uint8Array(count);
    this.maskAll();
  }

  /** Which parts of a BAR the guest reaches directly: all but the pages of the MSI-X table and pending bits. */
  barParts(bar: number, size: number): readonly BarPart[] {
    if (bar !== this.msixBar) {
      return [{ kind: 'mapped', offset: 0, size }];
    }
    const first = Math.min(this.tableAt, this.pendingAt);
    const last = Math.max(
      this.tableAt + this.table.byteLength,
      this.pendingAt + this.pendingBytes(),
    );
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
    if (this.msixAt !== 0 && at === this.msixAt + MSIX.CONTROL.offset + 1) {
      return this.msixControl >>> 8;
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
      const shift = (offset - (this.msixAt + MSIX.CONTROL.offset)) * 8;
      this.writeMsixControl(shift < 0 ? value >>> -shift : value << shift);
    } else if (this.isReset(offset, width, value)) {
      this.reset();
    } else {
      this.parts.vfio.write(CONFIG_REGION, offset, width, value);
      this.parts.decodeChanged();
    }
  }

  private isReset(offset: number, width: AccessWidth, value: number): boolean {
    const control = pcieCapability.rows.DEVICE_CONTROL;
    return (
      this.pcieAt !== 0 &&
      offset === this.pcieAt + control.offset &&
      width >= 2 &&
      (value & control.bits.FLR.mask) !== 0
    );
  }

  private reset(): void {
    const { vfio } = this.parts;
    vfio.setIrqs(irqIndexes.MSIX, 0, []);
    vfio.reset();
    this.writeBars(new Uint32Array(BAR_COUNT));
    this.memoryEnable = false;
    this.msixControl = 0;
    this.triggered.fill(0);
    this.pending.fill(0);
    this.maskAll();
    this.parts.decodeChanged();
  }

  /** What VFIO keeps of them: the guest's addresses. */
  private readBars(): Uint32Array {
    return Uint32Array.from({ length: BAR_COUNT }, (_, bar) => this.config(barOffset(bar), 4));
  }

  private writeBars(values: Uint32Array): void {
    values.forEach((value, bar) => {
      this.parts.vfio.write(CONFIG_REGION, barOffset(bar), 4, value);
    });
  }

  private config(offset: number, width: AccessWidth): number {
    return this.parts.vfio.read(CONFIG_REGION, offset, width);
  }

  // ------------------------------------------------------------------------------ BARs

  barRead(bar: number, offset: number, width: AccessWidth): number {
    if (bar === this.msixBar) {
      const words = this.table.length * 4;
      if (offset >= this.tableAt && offset < this.tableAt + words) {
        return width === 4 ? this.table[(offset - this.tableAt) >> 2] : allOnes(width);
      }
      if (offset >= this.pendingAt && offset < this.pendingAt + this.pendingBytes()) {
        return this.pendingWord(((offset - this.pendingAt) >> 2) * 32);
      }
    }
    return this.parts.physical.barRead(bar, offset, width);
  }

  barWrite(bar: number, offset: number, width: AccessWidth, value: number): void {
    const inTable =
      bar === this.msixBar &&
      offset >= this.tableAt &&
      offset < this.tableAt + this.table.byteLength;
    if (inTable && width === 4) {
      const word = (offset - this.tableAt) >> 2;
      this.table[word] = value;
      this.update(Math.floor(word / ENTRY_WORDS));
    } else if (!inTable && bar !== this.msixBar) {
      this.parts.physical.barWrite(bar, offset, width, value);
    }
  }

  barMemory(bar: number): MemoryBacking | undefined {
    return this.parts.physical.barMemory(bar);
  }

  // ------------------------------------------------------------------------------ MSI-X

  private touchesMsixControl(offset: number, width: AccessWidth): boolean {
    const high = this.msixAt + MSIX.CONTROL.offset + 1;
    return offset <= high && offset + width > high;
  }

  private writeMsixControl(value: number): void {
    const { ENABLE, FUNCTION_MASK } = MSIX.CONTROL.bits;
    const wasEnabled = (this.msixControl & ENABLE.mask) !== 0;
    this.msixControl = value & (ENABLE.mask | FUNCTION_MASK.mask);
    if (wasEnabled && (this.msixControl & ENABLE.mask) === 0) {
      this.parts.vfio.setIrqs(irqIndexes.MSIX, 0, []);
      this.triggered.fill(0);
    }
    for (let vector = 0; vector < this.pending.length; vector++) {
      this.update(vector);
    }
  }

  /** Unmasked for the first time: VFIO is given a trigger. Unmasked while pending: the message goes out. */
  private update(vector: number): void {
    if ((this.msixControl & MSIX.CONTROL.bits.ENABLE.mask) === 0 || this.masked(vector)) {
      return;
    }
    if (this.triggered[vector] === 0) {
      this.triggered[vector] = 1;
      this.parts.vfio.setIrqs(irqIndexes.MSIX, vector, [
        () => {
          this.arrived(vector);
        },
      ]);
    }
    if (this.pending[vector] === 1) {
      this.arrived(vector);
    }
  }

  private arrived(vector: number): void {
    if (this.masked(vector)) {
      this.pending[vector] = 1;
      return;
    }
    this.pending[vector] = 0;
    const at = vector * ENTRY_WORDS;
    const low = this.table[at + ENTRY.ADDRESS_LO.offset / 4];
    const high = this.table[at + ENTRY.ADDRESS_HI.offset / 4];
    this.parts.inject(high * 2 ** 32 + low, this.table[at + ENTRY.DATA.offset / 4]);
  }

  private masked(vector: number): boolean {
    const control = this.table[vector * ENTRY_WORDS + ENTRY.CONTROL.offset / 4];
    return (
      (control & ENTRY.CONTROL.bits.MASK.mask) !== 0 ||
      (this.msixControl & MSIX.CONTROL.bits.FUNCTION_MASK.mask) !== 0
    );
  }

  private maskAll(): void {
    this.table.fill(0);
    for (let at = ENTRY.CONTROL.offset / 4; at < this.table.length; at += ENTRY_WORDS) {
      this.table[at] = ENTRY.CONTROL.reset;
    }
  }

  private pendingBytes(): number {
    return Math.ceil(this.pending.length / 64) * 8;
  }

  private pendingWord(first: number): number {
    let word = 0;
    for (let bit = 0; bit < 32; bit++) {
      word |= (this.pending[first + bit] ?? 0) << bit;
    }
    return word >>> 0;
  }

  save(): AssignedDeviceState {
    return {
      bars: this.readBars(),
      memoryEnable: this.memoryEnable,
      msixControl: this.msixControl,
      table: this.table.slice(),
      pending: this.pending.slice(),
      triggered: this.triggered.slice(),
    };
  }

  load(state: AssignedDeviceState): void {
    this.writeBars(state.bars);
    this.memoryEnable = state.memoryEnable;
    this.msixControl = state.msixControl;
    this.table.set(state.table);
    this.pending.set(state.pending);
    this.triggered.fill(0);
    for (let vector = 0; vector < state.triggered.length; vector++) {
      this.update(vector);
    }
  }
}
