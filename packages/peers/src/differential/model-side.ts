/**
 * One of our device models behind a driver's ports: RAM, a clock that is wound by hand, and a bus
 * with nothing else on it.
 */
import {
  type AccessWidth,
  BAR_COUNT,
  barOffset,
  type DeviceHost,
  type Mmio,
  type PciEndpoint,
} from '@doorbell/abi';
import type { Picture } from '@doorbell/guest-driver';
import type { Side } from './side.ts';

export interface ModelDevice extends PciEndpoint {
  onTimer(id: number): void;
  scanout?(): Picture | undefined;
}

export interface ModelOptions {
  /** From address 0 on. */
  readonly memoryBytes: number;
  readonly scratch: number;
  /** What the base address registers hold. */
  readonly bars: readonly number[];
}

export class ModelSide implements Side {
  readonly scratch: number;
  private readonly device: ModelDevice;
  private readonly ram: Uint8Array;
  private readonly view: DataView;
  private time = 0;
  private readonly due = new Map<number, number>();
  private lineIsHigh = false;
  private handler: (() => void) | undefined;
  private isHandling = false;

  constructor(make: (host: DeviceHost) => ModelDevice, options: ModelOptions) {
    this.scratch = options.scratch;
    this.ram = new Uint8Array(options.memoryBytes);
    this.view = new DataView(this.ram.buffer);
    this.device = make(this.host());
    options.bars.forEach((address, index) => {
      this.device.configWrite(barOffset(index), 4, address);
    });
  }

  // ------------------------------------------------------------------------------ the device's

  private host(): DeviceHost {
    return {
      bus: {
        read: (address, into) => {
          const there = this.reaches(address, into.length);
          if (there) {
            into.set(this.ram.subarray(address, address + into.length));
          }
          return there;
        },
        write: (address, bytes) => {
          const there = this.reaches(address, bytes.length);
          if (there) {
            this.ram.set(bytes, address);
          }
          return there;
        },
        takeLatency: () => 0,
      },
      timers: {
        now: () => this.time,
        arm: (id, ns) => this.due.set(id, this.time + ns),
        disarm: (id) => this.due.delete(id),
      },
      trace: { event: () => 0 },
      display: { flip: () => {} },
      message: (address, data) => {
        if (this.reaches(address, 4)) {
          this.view.setUint32(address, data, true);
        }
      },
      line: (high) => {
        this.lineIsHigh = high;
      },
      decodeChanged: () => {},
    };
  }

  private reaches(address: number, bytes: number): boolean {
    return address >= 0 && address + bytes <= this.ram.length;
  }

  // ------------------------------------------------------------------------------ the driver's

  readonly config = {
    read: (offset: number, width: AccessWidth): number => {
      this.deliver();
      return this.device.configRead(offset, width);
    },
    write: (offset: number, width: AccessWidth, value: number): void => {
      this.deliver();
      this.device.configWrite(offset, width, value);
    },
  };

  mapBar(index: number): Mmio {
    const { device } = this;
    const size = this.sizeOf(index);
    const mmio: Mmio = {
      size,
      read: (offset, width) => {
        this.deliver();
        return device.barRead(index, offset, width);
      },
      write: (offset, width, value) => {
        this.deliver();
        device.barWrite(index, offset, width, value);
      },
      writeBlock: (offset, bytes) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        for (let at = 0; at < bytes.length; at += 4) {
          mmio.write(offset + at, 4, view.getUint32(at, true));
        }
      },
      readBlock: (offset, into) => {
        const view = new DataView(into.buffer, into.byteOffset);
        for (let at = 0; at < into.length; at += 4) {
          view.setUint32(at, mmio.read(offset + at, 4), true);
        }
      },
    };
    return mmio;
  }

  private sizeOf(index: number): number {
    const { device } = this;
    const at = barOffset(index);
    const address = device.configRead(at, 4);
    device.configWrite(at, 4, 0xffff_ffff);
    const size = -(device.configRead(at, 4) & ~0xf) >>> 0;
    device.configWrite(at, 4, address);
    return size;
  }

  readonly memory = {
    copyIn: (address: number, bytes: Uint8Array): void => this.ram.set(bytes, address),
    copyOut: (address: number, into: Uint8Array): void =>
      into.set(this.ram.subarray(address, address + into.length)),
    load32: (address: number): number => this.view.getUint32(address, true),
    store32: (address: number, value: number): void => this.view.setUint32(address, value, true),
  };

  readonly irq = {
    requestLine: (handler: () => void): void => {
      this.handler = handler;
    },
    releaseLine: (): void => {
      this.handler = undefined;
    },
  };

  readonly clock = {
    now: (): number => this.time,
    delay: (ns: number): void => this.pass(ns),
    sleep: async (ns: number): Promise<void> => {
      this.pass(ns);
      this.deliver();
    },
  };

  async screen(): Promise<Picture | undefined> {
    return this.device.scanout?.();
  }

  /** Runs the handler when the line is high, never nested. */
  private deliver(): void {
    if (this.lineIsHigh && this.handler !== undefined && !this.isHandling) {
      this.isHandling = true;
      this.handler();
      this.isHandling = false;
    }
  }

  private pass(ns: number): void {
    const end = this.time + ns;
    for (;;) {
      const [next] = [...this.due].sort(([, a], [, b]) => a - b);
      if (next === undefined || next[1] > end) {
        break;
      }
      this.due.delete(next[0]);
      this.time = next[1];
      this.device.onTimer(next[0]);
    }
    this.time = end;
  }
}

/** What a function's base address registers hold. */
export function barValues(config: Side['config']): readonly number[] {
  return Array.from({ length: BAR_COUNT }, (_, index) => config.read(barOffset(index), 4));
}
