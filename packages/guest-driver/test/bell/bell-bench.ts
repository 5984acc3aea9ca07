/**
 * A bench with a bell on it. What the driver does to the device is noted where it leaves the
 * driver; where it enters the model stands an impostor, which can make the device lie.
 */
import type {
  AccessWidth,
  ConfigPort,
  DeviceHost,
  MemoryBacking,
  Mmio,
  PciDevice,
} from '@doorbell/abi';
import { Bell, type EngineRates } from '@doorbell/device-model';
import { type Pluggable, TestBench } from '../harness.ts';

/** In nanoseconds. */
const rates: EngineRates = {
  packet: 50,
  fillByte: 0.1,
  copyByte: 0.1,
  blitPixel: 1,
  vertex: 5,
  triangle: 10,
  pixel: 1,
  tlbMiss: 100,
};

export const VRAM_BYTES = 8 << 20;
const PAGE_BYTES = 4096;

export class Impostor implements Pluggable {
  readonly bell: Bell;
  /** What a read of a place gives, in place of what the device says: `BAR0 0x8`, `config 0x34`. */
  readonly lies = new Map<string, (truth: number) => number>();
  /** What arrives of a write to a place; undefined: nothing. */
  readonly garbled = new Map<string, (value: number) => number | undefined>();
  /** The device was pulled out: every read gives all ones. */
  gone = false;

  constructor(bell: Bell) {
    this.bell = bell;
  }

  private read(space: string, offset: number, width: AccessWidth, truth: number): number {
    const lie = this.lies.get(`${space} 0x${offset.toString(16)}`);
    return this.gone ? 2 ** (8 * width) - 1 : (lie?.(truth) ?? truth);
  }

  private heard(space: string, offset: number, value: number): number | undefined {
    const garble = this.garbled.get(`${space} 0x${offset.toString(16)}`);
    return this.gone ? undefined : garble === undefined ? value : garble(value);
  }

  configRead(offset: number, width: AccessWidth): number {
    return this.read('config', offset, width, this.bell.configRead(offset, width));
  }

  configWrite(offset: number, width: AccessWidth, value: number): void {
    const heard = this.heard('config', offset, value);
    if (heard !== undefined) {
      this.bell.configWrite(offset, width, heard);
    }
  }

  barRead(bar: number, offset: number, width: AccessWidth): number {
    return this.read(`BAR${bar}`, offset, width, this.bell.barRead(bar, offset, width));
  }

  barWrite(bar: number, offset: number, width: AccessWidth, value: number): void {
    const heard = this.heard(`BAR${bar}`, offset, value);
    if (heard !== undefined) {
      this.bell.barWrite(bar, offset, width, heard);
    }
  }

  barMemory(bar: number): MemoryBacking | undefined {
    return this.bell.barMemory(bar);
  }

  onTimer(id: number): void {
    if (!this.gone) {
      this.bell.onTimer(id);
    }
  }
}

export class BellBench extends TestBench<Impostor> {
  /** What the driver did: `config write 0x4 = 0x2`, `BAR0 read 0x0`, `BAR2 block 0x1000+4096`. */
  readonly log: string[] = [];
  /** `device`, with the log. */
  readonly port: PciDevice;

  constructor(ramBytes?: number, vramBytes = VRAM_BYTES) {
    super((host: DeviceHost) => new Impostor(new Bell(host, rates, { vramBytes })), ramBytes);
    const { device } = this;
    this.port = {
      ...device,
      config: this.noted('config', { ...device.config, size: PAGE_BYTES } as Mmio),
      mapBar: (index) => this.noted(`BAR${index}`, device.mapBar(index)),
    };
  }

  get bell(): Bell {
    return this.model.bell;
  }

  private noted(space: string, real: Mmio): Mmio & ConfigPort {
    const note = (what: string, offset: number, rest = ''): void => {
      this.log.push(`${space} ${what} 0x${offset.toString(16)}${rest}`);
    };
    return {
      size: real.size,
      read: (offset, width) => {
        note('read', offset);
        return real.read(offset, width);
      },
      write: (offset, width, value) => {
        note('write', offset, ` = 0x${value.toString(16)}`);
        real.write(offset, width, value);
      },
      writeBlock: (offset, bytes) => {
        note('block', offset, `+${bytes.length}`);
        real.writeBlock(offset, bytes);
      },
      readBlock: (offset, into) => {
        note('load', offset, `+${into.length}`);
        real.readBlock(offset, into);
      },
    };
  }
}
