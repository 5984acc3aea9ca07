/**
 * A bench to test a driver on: one device model, plugged straight into the ports of `PciDevice`,
 * with RAM, interrupts and a clock that stands still unless the driver uses it.
 *
 * It is strict where real machines are lenient: an access must be aligned and within its BAR, an
 * IOVA is never the address that was mapped, DMA outside of a mapping is refused and noted in
 * `refused`, an unmap must be given what its map was, and what a driver did not give back is in
 * `leaks()`.
 */
import {
  type AccessWidth,
  allOnes,
  BAR_COUNT,
  barOffset,
  type BusMaster,
  type ConfigPort,
  decodeBar,
  type DeviceHost,
  type Dma,
  type DmaMappings,
  LinearMemory,
  type DmaDirection,
  type EventKind,
  type Irq,
  type IrqMessage,
  type Memory,
  type Mmio,
  PAGE_BYTES,
  type PciDevice,
  type PciEndpoint,
  type0Header,
} from '@doorbell/abi';
import { ManualClock } from './manual-clock.ts';

/** A device model: a function that also takes its timers. */
export interface Pluggable extends PciEndpoint {
  onTimer(id: number): void;
}

interface Mapping {
  readonly address: number;
  readonly bytes: number;
  readonly direction: DmaDirection;
}

/** What each access of the driver to the device costs, in nanoseconds. */
const ACCESS_NS = 100;
/** Where BARs are given addresses. */
const FIRST_BAR = 0xe000_0000;
/** Where interrupt messages go on a PC. */
const MESSAGE_ADDRESS = 0xfee0_0000;
/** The first IOVA. RAM is below it, so that an address which was never mapped is refused. */
const FIRST_IOVA = 0x0400_0000;

const { COMMAND } = type0Header.rows;

export class TestBench<D extends Pluggable = Pluggable> {
  readonly model: D;
  /** Hand this to a driver's `probe`. */
  readonly device: PciDevice;
  readonly ram: Uint8Array;
  /** DMA accesses that no mapping allowed: `read 0x1000+64`. */
  readonly refused: string[] = [];
  readonly events: { readonly kind: EventKind; readonly a: number; readonly b: number }[] = [];
  /** What the device's display showed, as rows of `width` pixels. */
  readonly frames: {
    readonly pixels: Uint8Array;
    readonly width: number;
    readonly height: number;
  }[] = [];

  private readonly clock: ManualClock;
  private readonly allocated = new Map<number, number>();
  private readonly mappings = new Map<number, Mapping>();
  private readonly handlers = new Map<number, () => void>();
  private nextMessage = 0x21;
  private pending: number[] = [];
  private lineHandler: (() => void) | undefined;
  private lineHigh = false;
  private inHandler = false;

  constructor(make: (host: DeviceHost) => D, ramBytes = 16 << 20) {
    this.ram = new Uint8Array(Math.min(ramBytes, FIRST_IOVA));
    this.clock = new ManualClock(
      () => {
        this.deliver();
      },
      (id) => {
        this.model.onTimer(id);
      },
    );
    this.model = make(this.host());
    this.assignBars();
    this.device = {
      config: this.config(),
      mapBar: (index) => this.mapBar(index),
      memory: this.memory(),
      dma: this.dma(),
      irq: this.irq(),
      clock: this.clock,
    };
  }

  /** What the driver holds: one line for each page run, mapping and handler. */
  leaks(): string[] {
    const hex = (value: number): string => `0x${value.toString(16)}`;
    return [
      ...Array.from(this.allocated, ([address, bytes]) => `memory ${hex(address)}+${bytes}`),
      ...Array.from(this.mappings, ([iova, { bytes }]) => `mapping ${hex(iova)}+${bytes}`),
      ...Array.from(this.handlers.keys(), (data) => `message ${hex(data)}`),
      ...(this.lineHandler === undefined ? [] : ['line']),
    ];
  }

  // ---------------------------------------------------------------------------- the device's

  private host(): DeviceHost {
    return {
      bus: this.bus(),
      timers: this.clock.timers,
      trace: { event: (kind, a, b) => this.events.push({ kind, a, b }) },
      display: {
        flip: (pixels, width, height, stride) => {
          const row = (y: number): Uint8Array =>
            pixels.subarray(y * stride, y * stride + width * 4);
          const packed = new Uint8Array(width * height * 4);
          for (let y = 0; y < height; y++) {
            packed.set(row(y), y * width * 4);
          }
          this.frames.push({ pixels: packed, width, height });
        },
      },
      message: (address, data) => {
        if (address === MESSAGE_ADDRESS && this.handlers.has(data)) {
          this.pending.push(data);
        }
      },
      line: (high) => {
        this.lineHigh = high;
      },
      decodeChanged: () => {},
    };
  }

  private bus(): BusMaster {
    const reach = (iova: number, bytes: number, write: boolean): number | undefined => {
      for (const [start, { address, bytes: length, direction }] of this.mappings) {
        const allowed = direction === 'both' || (direction === 'from-device') === write;
        if (allowed && iova >= start && iova + bytes <= start + length) {
          return address + iova - start;
        }
      }
      this.refused.push(`${write ? 'write' : 'read'} 0x${iova.toString(16)}+${bytes}`);
      return undefined;
    };
    return {
      read: (iova, into) => {
        const from = reach(iova, into.length, false);
        if (from !== undefined) {
          into.set(this.ram.subarray(from, from + into.length));
        }
        return from !== undefined;
      },
      write: (iova, bytes) => {
        const to = reach(iova, bytes.length, true);
        if (to !== undefined) {
          this.ram.set(bytes, to);
        }
        return to !== undefined;
      },
      takeLatency: () => 0,
    };
  }

  // ---------------------------------------------------------------------------- the driver's

  /** What comes before each access: its time passes, and handlers that are due run. */
  private access(): void {
    this.clock.delay(ACCESS_NS);
  }

  /** Runs each handler that is due once; not from within a handler. */
  private deliver(): void {
    if (this.inHandler) {
      return;
    }
    this.inHandler = true;
    try {
      for (let data = this.pending.shift(); data !== undefined; data = this.pending.shift()) {
        this.handlers.get(data)?.();
      }
      if (this.lineHigh) {
        this.lineHandler?.();
      }
    } finally {
      this.inHandler = false;
    }
  }

  private config(): ConfigPort {
    return {
      read: (offset, width) => {
        this.access();
        checkAccess('configuration space', 4096, offset, width);
        return this.model.configRead(offset, width);
      },
      write: (offset, width, value) => {
        this.access();
        checkAccess('configuration space', 4096, offset, width);
        this.model.configWrite(offset, width, value);
      },
    };
  }

  /** As firmware does: sizes each BAR and gives it an address. Leaves decoding to the driver. */
  private assignBars(): void {
    let next = FIRST_BAR;
    for (let index = 0; index < BAR_COUNT; index++) {
      const shape = this.barShape(index);
      if (shape !== undefined) {
        next = Math.ceil(next / shape.size) * shape.size;
        this.model.configWrite(barOffset(index), 4, next);
        if (shape.is64) {
          this.model.configWrite(barOffset(++index), 4, 0);
        }
        next += shape.size;
      }
    }
  }

  private barShape(index: number): ReturnType<typeof decodeBar> {
    const pair = [barOffset(index), ...(index + 1 < BAR_COUNT ? [barOffset(index + 1)] : [])];
    const before = pair.map((offset) => this.model.configRead(offset, 4));
    const [low, high] = pair.map((offset) => {
      this.model.configWrite(offset, 4, allOnes(4));
      return this.model.configRead(offset, 4);
    });
    pair.forEach((offset, half) => {
      this.model.configWrite(offset, 4, before[half]);
    });
    return decodeBar(low, high ?? 0);
  }

  private mapBar(index: number): Mmio {
    const shape = this.barShape(index);
    if (shape === undefined) {
      throw new RangeError(`BAR${index} is absent.`);
    }
    const { size } = shape;
    const { model } = this;
    const name = `BAR${index}`;
    const decodes = (): boolean => {
      this.access();
      return (model.configRead(COMMAND.offset, 2) & COMMAND.bits.MEMORY.mask) !== 0;
    };
    return {
      size,
      read: (offset, width) => {
        checkAccess(name, size, offset, width);
        return decodes() ? model.barRead(index, offset, width) : allOnes(width);
      },
      write: (offset, width, value) => {
        checkAccess(name, size, offset, width);
        if (decodes()) {
          model.barWrite(index, offset, width, value >>> 0);
        }
      },
      readBlock: (offset, into) => {
        checkBlock(name, size, offset, into.length);
        const words = new DataView(into.buffer, into.byteOffset, into.length);
        const on = decodes();
        for (let at = 0; at < into.length; at += 4) {
          words.setUint32(at, on ? model.barRead(index, offset + at, 4) : allOnes(4), true);
        }
      },
      writeBlock: (offset, bytes) => {
        checkBlock(name, size, offset, bytes.length);
        const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        const on = decodes();
        for (let at = 0; on && at < bytes.length; at += 4) {
          model.barWrite(index, offset + at, 4, words.getUint32(at, true));
        }
      },
    };
  }

  private memory(): Memory {
    const linear = new LinearMemory(this.ram.buffer);
    const at = (address: number, bytes: number): Uint8Array => {
      if (address + bytes > this.ram.length) {
        throw new RangeError(`No RAM is at 0x${address.toString(16)}.`);
      }
      return this.ram.subarray(address, address + bytes);
    };
    return {
      load16: (address) => linear.load16(address),
      load32: (address) => linear.load32(address),
      store16: (address, value) => {
        linear.store16(address, value);
      },
      store32: (address, value) => {
        linear.store32(address, value);
      },
      acquire16: (address) => linear.acquire16(address),
      release16: (address, value) => {
        linear.release16(address, value);
      },
      fence: () => {},
      copyIn: (address, bytes) => {
        at(address, bytes.length).set(bytes);
      },
      copyOut: (address, into) => {
        into.set(at(address, into.length));
      },
      allocate: (bytes) => {
        const size = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
        const address = this.freeRun(size);
        at(address, size).fill(0);
        this.allocated.set(address, size);
        return address;
      },
      free: (address) => {
        if (!this.allocated.delete(address)) {
          throw new RangeError(`Nothing was allocated at 0x${address.toString(16)}.`);
        }
      },
    };
  }

  /** The lowest run of free pages; page 0 is never handed out. */
  private freeRun(size: number): number {
    let address = PAGE_BYTES;
    for (const [start, taken] of [...this.allocated].sort(([a], [b]) => a - b)) {
      if (start - address >= size) {
        break;
      }
      address = start + taken;
    }
    if (address + size > this.ram.length) {
      throw Object.assign(new Error(`No ${size} bytes of RAM are free.`), { name: 'OutOfMemory' });
    }
    return address;
  }

  private dma(): Dma {
    const memory = this.memory();
    const mappings = this.dmaMappings();
    return {
      ...mappings,
      allocateCoherent: (bytes) => {
        const address = memory.allocate(bytes);
        return { address, iova: mappings.map(address, bytes, 'both'), bytes };
      },
      freeCoherent: ({ address, iova, bytes }) => {
        mappings.unmap(iova, bytes);
        memory.free(address);
      },
    };
  }

  private dmaMappings(): DmaMappings {
    let next = FIRST_IOVA;
    return {
      map: (address, bytes, direction) => {
        const inPage = address % PAGE_BYTES;
        const iova = next + inPage;
        next += Math.ceil((inPage + bytes) / PAGE_BYTES + 1) * PAGE_BYTES; // a hole after each
        this.mappings.set(iova, { address, bytes, direction });
        return iova;
      },
      unmap: (iova, bytes) => {
        if (this.mappings.get(iova)?.bytes !== bytes) {
          throw new RangeError(`No mapping of ${bytes} bytes is at 0x${iova.toString(16)}.`);
        }
        this.mappings.delete(iova);
      },
    };
  }

  private irq(): Irq {
    return {
      request: (handler): IrqMessage => {
        const data = this.nextMessage++;
        this.handlers.set(data, handler);
        return { address: MESSAGE_ADDRESS, data };
      },
      requestLine: (handler) => {
        this.lineHandler = handler;
      },
      release: ({ data }) => {
        this.handlers.delete(data);
      },
      releaseLine: () => {
        this.lineHandler = undefined;
      },
    };
  }
}

function checkAccess(name: string, size: number, offset: number, width: AccessWidth): void {
  if (offset % width !== 0 || offset < 0 || offset + width > size) {
    throw new RangeError(`${name}: ${width} bytes at 0x${offset.toString(16)} is no access.`);
  }
}

function checkBlock(name: string, size: number, offset: number, bytes: number): void {
  if (offset % 4 !== 0 || bytes % 4 !== 0 || offset < 0 || offset + bytes > size) {
    throw new RangeError(`${name}: ${bytes} bytes at 0x${offset.toString(16)} is no block.`);
  }
}
