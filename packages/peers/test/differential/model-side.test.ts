import type { AccessWidth, DeviceHost } from '@doorbell/abi';
import { beforeEach, describe, expect, it } from 'vitest';
import { barValues, type ModelDevice, ModelSide } from '../../src/differential/model-side.ts';

/** A device with a BAR of 4 KiB, which tells what is done to it. */
class Plain implements ModelDevice {
  readonly host: DeviceHost;
  readonly fired: number[] = [];
  private bar = 0;

  constructor(host: DeviceHost) {
    this.host = host;
  }

  configRead(offset: number): number {
    return offset === 0x10 ? this.bar : 0;
  }

  configWrite(offset: number, _width: AccessWidth, value: number): void {
    this.bar = offset === 0x10 ? (value & ~0xfff) >>> 0 : this.bar;
  }

  barRead(bar: number, offset: number): number {
    return bar * 0x1000 + offset;
  }

  barWrite(): void {
    this.host.line(false);
  }

  barMemory(): undefined {
    return undefined;
  }

  onTimer(id: number): void {
    this.fired.push(id, this.host.timers.now());
  }
}

let device: Plain;
let side: ModelSide;
beforeEach(() => {
  side = new ModelSide((host) => (device = new Plain(host)), {
    memoryBytes: 0x1000,
    scratch: 0,
    bars: [0xe000_0000],
  });
});

describe('a model behind a driver’s ports', () => {
  it('has the base addresses that it was made with, and keeps them when a BAR is mapped', () => {
    expect(side.mapBar(0).size).toBe(0x1000);
    expect(barValues(side.config)).toEqual([0xe000_0000, 0, 0, 0, 0, 0]);
    expect(side.mapBar(0).read(0x24, 4)).toBe(0x24);
  });

  it('runs timers at their time, the earlier first', () => {
    device.host.timers.arm(1, 200);
    device.host.timers.arm(2, 100);
    side.clock.delay(199);
    expect(device.fired).toEqual([2, 100]);
    side.clock.delay(1);
    expect(device.fired).toEqual([2, 100, 1, 200]);
    expect(side.clock.now()).toBe(200);
  });

  it('runs the handler at accesses while the line is high, and never within itself', () => {
    let runs = 0;
    side.irq.requestLine(() => {
      runs++;
      side.mapBar(0).write(0, 4, 0); // lowers the line
    });
    device.host.line(true);
    expect(runs).toBe(0);
    side.config.read(0, 4);
    side.config.read(0, 4);
    expect(runs).toBe(1);
  });

  it('lets DMA and messages reach its RAM and nothing else', () => {
    const { bus } = device.host;
    expect(bus.write(0xffc, Uint8Array.of(1, 2, 3, 4))).toBe(true);
    expect(bus.write(0xffd, Uint8Array.of(9, 9, 9, 9))).toBe(false);
    expect(bus.read(0x1000, new Uint8Array(1))).toBe(false);
    expect(side.memory.load32(0xffc)).toBe(0x0403_0201);
    device.host.message(0x10, 0xbeef);
    device.host.message(0xfee0_0000, 0xbeef);
    expect(side.memory.load32(0x10)).toBe(0xbeef);
  });
});
