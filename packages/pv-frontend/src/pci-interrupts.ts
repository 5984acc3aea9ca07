/**
 * How a virtio function interrupts: by MSI-X messages (VIRTIO 1.3 §4.1.5.1.2), a vector for the
 * configuration and one for each queue as far as there are any; or else by INTx and ISR (§4.1.5.4).
 */
import {
  accessors,
  capabilityIds,
  capabilityOffset,
  extract,
  type Mmio,
  msixCapability,
  msixEntry,
  type PciDevice,
  virtioIsr,
} from '@doorbell/abi';
import type { VirtioStructures } from './pci-structures.ts';
import { ProbeError } from './probe-error.ts';

const { CONTROL, TABLE } = msixCapability.rows;
const { QUEUE, CONFIG } = virtioIsr.rows.ISR.bits;
const CONFIG_VECTOR = 0;

/** The table of vectors, when the function has MSI-X. */
interface VectorTable {
  readonly mmio: Mmio;
  readonly base: number;
  readonly vectors: number;
}

export class PciInterrupts {
  private readonly device: PciDevice;
  private readonly table: VectorTable | undefined;
  private readonly isr: { read(): number };
  private config: (() => void) | undefined;
  private readonly queues = new Map<number, () => void>();
  /** By vector: what belongs to neither the configuration nor a queue. */
  private readonly others = new Map<number, () => void>();
  /** Vectors that have a message, and how to take it back. */
  private readonly routed = new Map<number, () => void>();

  /** @param undo  takes what gives everything back. @throws ProbeError */
  constructor(device: PciDevice, { isr }: VirtioStructures, undo: (step: () => void) => void) {
    this.device = device;
    this.isr = accessors(virtioIsr, isr.mmio, isr.base).ISR;
    const capability = capabilityOffset(
      (offset, width) => device.config.read(offset, width),
      capabilityIds.MSIX,
    );
    if (capability === 0) {
      undo(() => {
        device.irq.releaseLine();
      });
      device.irq.requestLine(() => {
        this.onLine();
      });
      return;
    }
    this.table = vectorTable(device, capability);
    undo(() => {
      this.reset();
    });
    undo(enable(device, capability));
  }

  /** The device was reset, and knows no vectors any more (§4.1.5.1.2.1). */
  reset(): void {
    for (const undo of this.routed.values()) {
      undo();
    }
    this.routed.clear();
    this.queues.clear();
    this.others.clear();
    this.config = undefined;
  }

  /** The vector that the device is to be told; undefined: there are none. */
  onConfig(handler: () => void): number | undefined {
    this.config = handler;
    return this.route(CONFIG_VECTOR);
  }

  /** Likewise. Queues share the last vector when there are too few. */
  onQueue(queue: number, handler: () => void): number | undefined {
    this.queues.set(queue, handler);
    return this.route(this.vectorOf(queue));
  }

  /** Likewise, for a vector that neither has. False: there is no such vector. */
  onVector(vector: number, handler: () => void): boolean {
    if (vector >= (this.table?.vectors ?? 0)) {
      return false;
    }
    this.others.set(vector, handler);
    return this.route(vector) !== undefined;
  }

  private vectorOf(queue: number): number {
    return Math.min(CONFIG_VECTOR + 1 + queue, (this.table?.vectors ?? 1) - 1);
  }

  private route(vector: number): number | undefined {
    const { table } = this;
    if (table !== undefined && !this.routed.has(vector)) {
      const undo = writeEntry(this.device, table, vector, () => {
        this.onMessage(vector);
      });
      this.routed.set(vector, undo);
    }
    return table === undefined ? undefined : vector;
  }

  private onMessage(vector: number): void {
    this.others.get(vector)?.();
    if (vector === CONFIG_VECTOR) {
      this.config?.();
    }
    for (const [queue, handler] of this.queues) {
      if (this.vectorOf(queue) === vector) {
        handler();
      }
    }
  }

  /** Reading ISR clears it, and lowers the line (§4.1.4.5). */
  private onLine(): void {
    const isr = this.isr.read();
    if ((isr & CONFIG.mask) !== 0) {
      this.config?.();
    }
    if ((isr & QUEUE.mask) !== 0) {
      this.queues.forEach((handler) => {
        handler();
      });
    }
  }
}

/** @throws ProbeError when the table is not within its BAR. */
function vectorTable(device: PciDevice, capability: number): VectorTable {
  const { config } = device;
  const where = config.read(capability + TABLE.offset, 4);
  const control = config.read(capability + CONTROL.offset, 2);
  const vectors = extract(CONTROL.bits.TABLE_SIZE, control) + 1;
  const mmio = device.mapBar(extract(TABLE.bits.BIR, where));
  const base = where & TABLE.bits.OFFSET.mask;
  if (base + vectors * msixEntry.size > mmio.size) {
    throw new ProbeError('The MSI-X table reaches beyond its BAR.');
  }
  return { mmio, base, vectors };
}

/** Messages in place of INTx. Returns the undo. */
function enable({ config }: PciDevice, capability: number): () => void {
  const { ENABLE, FUNCTION_MASK } = CONTROL.bits;
  const at = capability + CONTROL.offset;
  const set = (clear: number, bits: number): void => {
    config.write(at, 2, (config.read(at, 2) & ~clear) | bits);
  };
  set(ENABLE.mask | FUNCTION_MASK.mask, ENABLE.mask);
  return () => {
    set(ENABLE.mask, 0);
  };
}

/** Gives a vector a message that runs `handler`. Returns the undo. */
function writeEntry(
  { irq }: PciDevice,
  { mmio, base }: VectorTable,
  vector: number,
  handler: () => void,
): () => void {
  const entry = accessors(msixEntry, mmio, base + vector * msixEntry.size);
  const message = irq.request(handler);
  // A masked entry may be changed: one that is not could send half an old message (PCIe 6.0 §6.1.4.2).
  entry.CONTROL.write(1);
  entry.ADDRESS_LO.write(message.address % 2 ** 32);
  entry.ADDRESS_HI.write(Math.floor(message.address / 2 ** 32));
  entry.DATA.write(message.data);
  entry.CONTROL.write(0);
  return () => {
    entry.CONTROL.write(1);
    entry.ADDRESS_LO.write(0);
    entry.ADDRESS_HI.write(0);
    entry.DATA.write(0);
    irq.release(message);
  };
}
