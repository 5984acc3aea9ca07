/**
 * What firmware does, as none runs: makes configuration space reachable, finds the functions of bus
 * 0 and gives their memory BARs addresses. Nothing is enabled; I/O BARs get no ports.
 */
import {
  allOnes,
  BAR_COUNT,
  type BarShape,
  barOffset,
  type Bdf,
  bdf,
  CONFIG_BYTES,
  type ConfigPort,
  decodeBar,
  extract,
  formatBdf,
  type Mmio,
  type0Header,
} from '@doorbell/abi';
import { QemuError } from '../qemu/qemu-error.ts';
import type { QtestConnection } from './connection.ts';
import { type MmioParts, QtestMmio } from './mmio.ts';

/** PCIEXBAR of the Q35 host bridge (Intel 3 Series Express datasheet §5.1.17): 256 MiB, enabled. */
const PCIEXBAR = 0x60;
const ECAM = 0xb0000000;
/** Where BARs lie: above QEMU's RAM and ECAM, below its I/O APIC. */
const WINDOW = { from: 0xe0000000, to: 0xfec00000 } as const;
/** For 64-bit BARs that do not fit below 4 GiB. RAM is not above it. */
const HIGH_WINDOW = 2 ** 35;

const { VENDOR_ID, HEADER_TYPE } = type0Header.rows;

interface AssignedBar {
  readonly index: number;
  readonly shape: BarShape;
}

export class QtestPciBus {
  readonly functions: readonly Bdf[];
  private readonly parts: MmioParts;
  private readonly bars = new Map<Bdf, readonly AssignedBar[]>();
  private low: number = WINDOW.from;
  private high = HIGH_WINDOW;

  constructor(parts: MmioParts) {
    this.parts = parts;
    enableEcam(parts.connection);
    this.functions = this.scan();
    for (const at of this.functions) {
      this.bars.set(at, this.assign(at));
    }
  }

  config(at: Bdf): QtestMmio {
    return new QtestMmio(this.parts, ECAM + at * CONFIG_BYTES, CONFIG_BYTES);
  }

  /** @throws RangeError when it is absent or has no address. */
  mapBar(at: Bdf, index: number): Mmio {
    const bar = this.bars.get(at)?.find((candidate) => candidate.index === index);
    if (bar === undefined) {
      throw new RangeError(`${formatBdf(at)} has no memory BAR ${index}.`);
    }
    const config = this.config(at);
    const { is64, prefetchable, size } = bar.shape;
    const low = (config.read(barOffset(index), 4) & ~0xf) >>> 0;
    const address = low + (is64 ? config.read(barOffset(index + 1), 4) * 2 ** 32 : 0);
    if (address === 0) {
      throw new RangeError(`BAR ${index} of ${formatBdf(at)} has no address.`);
    }
    return new QtestMmio(this.parts, address, size, prefetchable);
  }

  private scan(): Bdf[] {
    const found: Bdf[] = [];
    for (let device = 0; device < 32; device++) {
      for (let fn = 0; fn < 8; fn++) {
        const config = this.config(bdf(0, device, fn));
        const isThere = config.read(VENDOR_ID.offset, 2) !== allOnes(2);
        if (isThere) {
          found.push(bdf(0, device, fn));
        }
        if (fn === 0 && !(isThere && isMultifunction(config))) {
          break;
        }
      }
    }
    return found;
  }

  private assign(at: Bdf): AssignedBar[] {
    const config = this.config(at);
    const assigned: AssignedBar[] = [];
    const count = barCount(config);
    for (let index = 0; index < count; index++) {
      const shape = sizeBar(config, index);
      if (shape !== undefined) {
        const address = this.place(at, shape);
        config.write(barOffset(index), 4, address % 2 ** 32);
        if (shape.is64) {
          config.write(barOffset(index + 1), 4, Math.floor(address / 2 ** 32));
        }
        assigned.push({ index, shape });
        index += shape.is64 ? 1 : 0;
      }
    }
    return assigned;
  }

  private place(at: Bdf, { size, is64 }: BarShape): number {
    const address = Math.ceil(this.low / size) * size;
    if (address + size <= WINDOW.to) {
      this.low = address + size;
      return address;
    }
    if (!is64) {
      throw new QemuError(`There is no room for a BAR of ${size} bytes of ${formatBdf(at)}.`);
    }
    const above = Math.ceil(this.high / size) * size;
    this.high = above + size;
    return above;
  }
}

/** By the old ports, CF8h and CFCh (PCI Local Bus 3.0 §3.2.2.3.2). */
function enableEcam(connection: QtestConnection): void {
  connection.ask(`outl 0xcf8 0x${(0x80000000 + PCIEXBAR + 4).toString(16)}`);
  connection.ask('outl 0xcfc 0');
  connection.ask(`outl 0xcf8 0x${(0x80000000 + PCIEXBAR).toString(16)}`);
  connection.ask(`outl 0xcfc 0x${(ECAM + 1).toString(16)}`);
}

function isMultifunction(config: Mmio): boolean {
  return extract(HEADER_TYPE.bits.MULTIFUNCTION, config.read(HEADER_TYPE.offset, 1)) === 1;
}

/** A bridge's header has two (PCIe 6.0 §7.5.1.3). */
function barCount(config: Mmio): number {
  const layout = extract(HEADER_TYPE.bits.LAYOUT, config.read(HEADER_TYPE.offset, 1));
  return layout === 0 ? BAR_COUNT : layout === 1 ? 2 : 0;
}

/** PCIe 6.0 §7.5.1.2.1: all ones are written, and what stays zero is the size. */
function sizeBar(config: Mmio, index: number): BarShape | undefined {
  const sized = (at: number): number => {
    config.write(barOffset(at), 4, 0xffffffff);
    const mask = config.read(barOffset(at), 4);
    config.write(barOffset(at), 4, 0);
    return mask;
  };
  const low = sized(index);
  const is64 = (low & 7) === 4;
  return decodeBar(low, is64 ? sized(index + 1) : 0);
}

/**
 * The I/O APIC's input of a function's INTx. QEMU's ICH9 (hw/isa/lpc_ich9.c) routes devices 0 to 23
 * by PIRQE to PIRQH in turn; undefined: no pin, or a device that registers route.
 */
export function interruptLine(at: Bdf, config: ConfigPort): number | undefined {
  const pin = config.read(type0Header.rows.INTERRUPT_PIN.offset, 1);
  const device = (at >>> 3) & 0x1f;
  return pin === 0 || pin > 4 || device > 23 ? undefined : 20 + ((device + pin - 1) % 4);
}
