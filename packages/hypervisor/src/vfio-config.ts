/**
 * Configuration space as a user of VFIO sees it (drivers/vfio/pci/vfio_pci_config.c). Two masks
 * say for every bit whether it is virtual (kept here and never given to the function) and
 * whether it may be written. The user must not move BARs or program interrupts: those are
 * virtual, or read-only.
 */
import {
  BAR_COUNT,
  barFlags,
  barMasks,
  barOffset,
  capabilityIds,
  CONFIG_BYTES,
  msiCapability,
  pcieCapability,
  pmCapability,
  type AccessWidth,
  type BarShape,
  type PciEndpoint,
  type RegisterRow,
  type Stateful,
  type0Header,
} from '@doorbell/abi';
import { findCapability } from './pci-function.ts';

const HEADER = type0Header.rows;
const DEVICE_CONTROL = pcieCapability.rows.DEVICE_CONTROL;
const FLR = DEVICE_CONTROL.bits.FLR.mask;
/** Phantom functions would use other requester IDs, which the IOMMU would not know. */
const PHANTOM_FUNCTIONS = 1 << 9;
const LEGACY_BYTES = 256;

/** Its state is the values of the virtual bits. */
export class VfioConfig implements Stateful<Uint8Array> {
  private readonly endpoint: PciEndpoint;
  private readonly shapes: ReadonlyMap<number, BarShape>;
  private readonly reset: () => void;
  private readonly values = new Uint8Array(LEGACY_BYTES);
  private readonly initial: Uint8Array;
  private readonly isVirtual = new Uint8Array(LEGACY_BYTES);
  private readonly isWritable = new Uint8Array(LEGACY_BYTES);
  private readonly pcie: number;

  /**
   * The function was just reset. `reset` is run when the user writes the function-level reset.
   * @param ids  vendor and device of a virtual function, which has none of its own.
   */
  constructor(
    endpoint: PciEndpoint,
    shapes: ReadonlyMap<number, BarShape>,
    reset: () => void,
    ids?: readonly [vendor: number, device: number],
  ) {
    this.endpoint = endpoint;
    this.shapes = shapes;
    this.reset = reset;
    this.pcie = findCapability(endpoint, capabilityIds.PCIE);
    this.allowHeader();
    this.allowCapabilities();
    for (let offset = 0; offset < LEGACY_BYTES; offset++) {
      this.values[offset] = endpoint.configRead(offset, 1);
    }
    if (ids !== undefined) {
      this.beVirtual(ids);
    }
    this.initial = this.values.slice();
  }

  /** A virtual function reads as any other: it has ids, and a memory bit that software turns on. */
  private beVirtual([vendor, device]: readonly [number, number]): void {
    const { COMMAND, VENDOR_ID, DEVICE_ID, INTERRUPT_PIN } = HEADER;
    const { MEMORY, INTX_DISABLE } = COMMAND.bits;
    this.allow(0, COMMAND, MEMORY.mask | INTX_DISABLE.mask, 0xffff);
    this.keep(VENDOR_ID.offset, 2, vendor, 0xffff);
    this.keep(DEVICE_ID.offset, 2, device, 0xffff);
    this.keep(INTERRUPT_PIN.offset, 1, 0, 0xff);
  }

  /** Offsets beyond configuration space read all ones. */
  read(offset: number, width: AccessWidth): number {
    if (offset + width > CONFIG_BYTES) {
      return 2 ** (8 * width) - 1;
    }
    const value = this.endpoint.configRead(offset, width);
    const mask = field(this.isVirtual, offset, width);
    return ((value & ~mask) | (field(this.values, offset, width) & mask)) >>> 0;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    const writable = field(this.isWritable, offset, width);
    const virtual = field(this.isVirtual, offset, width);
    this.keep(offset, width, value, writable & virtual);
    const real = writable & ~virtual;
    if (real !== 0) {
      const { endpoint } = this;
      endpoint.configWrite(
        offset,
        width,
        ((endpoint.configRead(offset, width) & ~real) | (value & real)) >>> 0,
      );
    }
    this.fixBars();
    this.resetWhenAsked();
  }

  /** Virtual bits to their reset values; MAX_PAYLOAD outlives a reset (PCIe 6.0 §6.6.2). */
  clear(): void {
    const control = this.pcie + DEVICE_CONTROL.offset;
    const { mask } = DEVICE_CONTROL.bits.MAX_PAYLOAD;
    const payload = field(this.values, control, 2) & mask;
    this.values.set(this.initial);
    this.values.fill(0, barOffset(0), barOffset(BAR_COUNT));
    this.fixBars();
    if (this.pcie !== 0) {
      this.keep(control, 2, payload, mask);
    }
  }

  private allowHeader(): void {
    this.allow(0, HEADER.VENDOR_ID, 0xffff, 0);
    this.allow(0, HEADER.DEVICE_ID, 0xffff, 0);
    this.allow(0, HEADER.COMMAND, HEADER.COMMAND.bits.INTX_DISABLE.mask, 0xffff);
    this.allow(0, HEADER.CACHE_LINE_SIZE, 0, 0xff);
    this.allow(0, HEADER.INTERRUPT_LINE, 0xff, 0xff);
    this.allow(0, HEADER.INTERRUPT_PIN, 0xff, 0);
    for (let bar = 0; bar < BAR_COUNT; bar++) {
      this.allow(0, { offset: barOffset(bar), width: 4 }, 0xffff_ffff, 0xffff_ffff);
    }
  }

  private allowCapabilities(): void {
    const { endpoint } = this;
    const pm = findCapability(endpoint, capabilityIds.PM);
    const msi = findCapability(endpoint, capabilityIds.MSI);
    if (pm !== 0) {
      this.allow(pm, pmCapability.rows.PMCSR, 0, 0xffff);
    }
    if (this.pcie !== 0) {
      const { MAX_PAYLOAD, MAX_READ } = DEVICE_CONTROL.bits;
      this.allow(
        this.pcie,
        DEVICE_CONTROL,
        FLR | MAX_PAYLOAD.mask | MAX_READ.mask,
        0xffff & ~PHANTOM_FUNCTIONS,
      );
    }
    if (msi !== 0) {
      const { CONTROL, ADDRESS_LO, ADDRESS_HI, DATA } = msiCapability.rows;
      for (const row of [CONTROL, ADDRESS_LO, ADDRESS_HI, DATA]) {
        this.allow(msi, row, 0xffff_ffff, 0xffff_ffff);
      }
    }
  }

  private allow(
    base: number,
    row: Pick<RegisterRow, 'offset' | 'width'>,
    virtual: number,
    writable: number,
  ): void {
    for (let byte = 0; byte < row.width; byte++) {
      this.isVirtual[base + row.offset + byte] = virtual >>> (8 * byte);
      this.isWritable[base + row.offset + byte] = writable >>> (8 * byte);
    }
  }

  private keep(offset: number, width: AccessWidth, value: number, mask: number): void {
    for (let byte = 0; byte < width && offset + byte < LEGACY_BYTES; byte++) {
      const bits = (mask >>> (8 * byte)) & 0xff;
      const old = this.values[offset + byte];
      this.values[offset + byte] = (old & ~bits) | ((value >>> (8 * byte)) & bits);
    }
  }

  /** Makes the virtual BARs answer the sizing handshake as the real ones would (vfio_bar_fixup). */
  private fixBars(): void {
    const view = new DataView(this.values.buffer);
    for (let bar = 0; bar < BAR_COUNT; bar++) {
      const at = barOffset(bar);
      const shape = this.shapes.get(bar);
      if (shape === undefined) {
        view.setUint32(at, 0, true);
        continue;
      }
      const { low, high } = barMasks(shape);
      view.setUint32(at, ((view.getUint32(at, true) & low) | barFlags(shape)) >>> 0, true);
      if (shape.is64) {
        view.setUint32(at + 4, (view.getUint32(at + 4, true) & high) >>> 0, true);
        bar++;
      }
    }
  }

  private resetWhenAsked(): void {
    if (this.pcie === 0) {
      return;
    }
    const high = this.pcie + DEVICE_CONTROL.offset + 1;
    const bit = FLR >>> 8;
    if ((this.values[high] & bit) !== 0) {
      this.values[high] = this.values[high] & ~bit;
      this.reset();
    }
  }

  save(): Uint8Array {
    return this.values.slice();
  }

  load(state: Uint8Array): void {
    this.values.set(state);
  }
}

function field(bytes: Uint8Array, offset: number, width: number): number {
  let value = 0;
  for (let byte = 0; byte < width && offset + byte < bytes.length; byte++) {
    value |= bytes[offset + byte] << (8 * byte);
  }
  return value >>> 0;
}
