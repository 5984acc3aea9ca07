/** A virtio function for tests: registers that remember, and a log of what was written where. */
import {
  type AccessWidth,
  capabilityIds,
  type IrqMessage,
  type Mmio,
  msixCapability,
  type PciDevice,
  RegisterFile,
  type0Header,
  virtioCommonConfig,
  virtioPciCap,
  virtioPciCaps,
} from '@doorbell/abi';
import { ManualClock } from './manual-clock.ts';
import { TestMemory } from './test-memory.ts';

const { COMMON, ISR, NOTIFY, DEVICE, PCI } = virtioPciCaps;

class Window implements Mmio {
  readonly size: number;
  readonly bytes: DataView;
  constructor(size: number) {
    this.size = size;
    this.bytes = new DataView(new ArrayBuffer(size));
  }
  read(offset: number, width: AccessWidth): number {
    const { bytes } = this;
    return width === 1
      ? bytes.getUint8(offset)
      : width === 2
        ? bytes.getUint16(offset, true)
        : bytes.getUint32(offset, true);
  }
  write(offset: number, width: AccessWidth, value: number): void {
    const { bytes } = this;
    if (width === 1) {
      bytes.setUint8(offset, value);
    } else if (width === 2) {
      bytes.setUint16(offset, value, true);
    } else {
      bytes.setUint32(offset, value, true);
    }
  }
  writeBlock(): void {}
  readBlock(): void {}
}

/** Where a structure is said to be. */
export interface Where {
  readonly kind: number;
  readonly bar: number;
  readonly offset: number;
  readonly length: number;
}

export class TestFunction {
  readonly config = new Window(4096);
  readonly common = this.makeCommon();
  private makeCommon(): RegisterFile<typeof virtioCommonConfig.rows> {
    return new RegisterFile(virtioCommonConfig, {
      DEVICE_FEATURE: {
        read: (): number => (this.common.get('DEVICE_FEATURE_SELECT') === 1 ? 1 : 0x30000003),
      },
      DRIVER_FEATURE: {
        write: (value) => this.features.push([this.common.get('DRIVER_FEATURE_SELECT'), value]),
      },
      CONFIG_GENERATION: {
        read: () => (this.generations > 0 ? this.generations-- : this.generation),
      },
      DEVICE_STATUS: {
        read: () => (this.resetLooks-- > 0 ? 0x80 : this.common.get('DEVICE_STATUS')),
        write: (value) => {
          this.resetLooks = value === 0 ? this.looksToReset : 0;
          if (value === 0) {
            this.common.reset();
            this.common.set('NUM_QUEUES', 2);
            this.common.set('QUEUE_SIZE', 64);
          }
        },
      },
      QUEUE_NOTIFY_OFF: { read: () => this.common.get('QUEUE_SELECT') * this.notifyOff },
    });
  }
  /** Writes of queue registers, in order. */
  readonly writes: string[] = [];
  readonly features: number[][] = [];
  readonly notified: number[][] = [];
  generations = 0;
  /** Of the configuration, once no more of those are left. */
  generation = 0;
  /** Runs after each read of the device's configuration, with how many there were. */
  changes: ((reads: number) => void) | undefined;
  /** Reads of the device's configuration, as [offset, width]. */
  readonly configReads: number[][] = [];
  looksToReset = 3;
  notifyOff = 1;
  /** Vectors from here on are refused. */
  vectorLimit = 64;
  isr = 0;
  private resetLooks = 0;
  readonly table = new Window(0x1000);
  readonly deviceConfig = new Window(0x100);
  readonly handlers = new Map<number, () => void>();
  line: (() => void) | undefined;
  readonly clock = new ManualClock();
  readonly memory = new TestMemory(1 << 20);
  private messages = 0x30;

  /** @param vectors  0: it has no MSI-X. */
  constructor(vectors: number, structures: readonly Where[] = TestFunction.structures) {
    const { VENDOR_ID, DEVICE_ID, STATUS, CAPABILITIES } = type0Header.rows;
    this.config.write(VENDOR_ID.offset, 2, 0x1af4);
    this.config.write(DEVICE_ID.offset, 2, 0x1050);
    this.config.write(STATUS.offset, 2, 0x10);
    this.config.write(CAPABILITIES.offset, 1, 0x40);
    let at = 0x40;
    for (const { kind, bar, offset, length } of structures) {
      const cap = { cap_vndr: 9, cap_next: at + 20, cap_len: 20, cfg_type: kind };
      const fields = { ...cap, bar, id: 0, padding: 0, offset, length };
      const bytes = new Uint8Array(this.config.bytes.buffer, at, 20);
      virtioPciCap.encode(fields, bytes);
      this.config.write(at + 16, 4, 4); // the multiplier, of all
      at += 20;
    }
    if (vectors > 0) {
      this.config.write(at, 1, capabilityIds.MSIX);
      this.config.write(at + msixCapability.rows.CONTROL.offset, 2, vectors - 1);
      this.config.write(at + msixCapability.rows.TABLE.offset, 4, 1);
    } else {
      this.config.write(at - 19, 1, 0);
    }
    this.msix = at;
    this.common.set('NUM_QUEUES', 2);
    this.common.set('QUEUE_SIZE', 64);
  }

  readonly msix: number;

  static readonly structures: readonly Where[] = [
    { kind: 77, bar: 4, offset: 0, length: 0x1000 }, // of no known kind
    { kind: COMMON, bar: 6, offset: 0, length: 0x1000 }, // a reserved BAR
    { kind: COMMON, bar: 4, offset: 0, length: 0x1000 },
    { kind: COMMON, bar: 4, offset: 0x2000, length: 0x1000 }, // the second of its kind
    { kind: ISR, bar: 4, offset: 0x1000, length: 0x1000 },
    { kind: DEVICE, bar: 4, offset: 0x2000, length: 0x100 },
    { kind: NOTIFY, bar: 4, offset: 0x3000, length: 0x1000 },
    { kind: PCI, bar: 0, offset: 0, length: 0 },
  ];

  private bar4(): Mmio {
    const none = (): void => {};
    return {
      size: 0x4000,
      writeBlock: none,
      readBlock: none,
      read: (offset, width) => {
        if (offset < 0x1000) {
          return this.common.read(offset, width);
        }
        return offset < 0x2000 ? this.readIsr() : this.readConfig(offset - 0x2000, width);
      },
      write: (offset, width, value) => {
        if (offset >= 0x3000) {
          this.notified.push([offset - 0x3000, width, value]);
        } else if (offset >= 0x2000) {
          this.deviceConfig.write(offset - 0x2000, width, value);
        } else {
          this.writeCommon(offset, width, value);
        }
      },
    };
  }

  /** Reading it clears it. */
  private readIsr(): number {
    const { isr } = this;
    this.isr = 0;
    return isr;
  }

  private readConfig(offset: number, width: AccessWidth): number {
    const value = this.deviceConfig.read(offset, width);
    this.configReads.push([offset, width]);
    this.changes?.(this.configReads.length);
    return value;
  }

  private writeCommon(offset: number, width: AccessWidth, value: number): void {
    const name = virtioCommonConfig.names[virtioCommonConfig.indexAt(offset)];
    const refused = name.endsWith('VECTOR') && value >= this.vectorLimit;
    this.common.write(offset, width, refused ? 0xffff : value);
    this.writes.push(`${name} ${value}`);
  }

  readonly port: PciDevice = {
    config: this.config,
    mapBar: (index) => {
      if (index !== 1 && index !== 4) {
        throw new RangeError(`There is no BAR ${index}.`);
      }
      return index === 1 ? this.table : this.bar4();
    },
    memory: this.memory,
    dma: this.memory.dma,
    clock: this.clock,
    irq: {
      request: (handler): IrqMessage => {
        this.handlers.set(++this.messages, handler);
        return { address: 0xfee00000, data: this.messages };
      },
      release: ({ data }) => {
        this.handlers.delete(data);
      },
      requestLine: (handler) => {
        this.line = handler;
      },
      releaseLine: () => {
        this.line = undefined;
      },
    },
  };

  /** The device signals a vector, if there is such a one, it is not masked, and MSI-X is on. */
  signal(vector: number): void {
    if ((vector + 1) * 16 > this.table.size) {
      return;
    }
    const masked = (this.table.read(vector * 16 + 12, 4) & 1) !== 0;
    const isOn = (this.config.read(this.msix + 2, 2) & 0xc000) === 0x8000;
    if (isOn && !masked) {
      this.handlers.get(this.table.read(vector * 16 + 8, 4))?.();
    }
  }
}
