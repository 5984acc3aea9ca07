import type { AccessWidth, DeviceHost, IrqMessage } from '@doorbell/abi';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Pluggable, TestBench } from './harness.ts';

/**
 * The smallest device: BAR0 is 4 KiB of registers in 32 bits, BAR2 is 1 MiB in 64. A write to
 * BAR0 offset 4 sends the message set below; 8 sets the line; 12 arms timer 0, which sends it too.
 */
class Toy implements Pluggable {
  readonly host: DeviceHost;
  readonly registers = new Uint32Array(1024);
  readonly config = new Uint8Array(256);
  message: IrqMessage = { address: 0, data: 0 };

  constructor(host: DeviceHost) {
    this.host = host;
    this.config[0x18] = 4;
  }

  configRead(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let i = width - 1; i >= 0; i--) {
      value = value * 256 + this.config[offset + i];
    }
    return value;
  }
  configWrite(offset: number, width: AccessWidth, value: number): void {
    const masks: Record<number, number> = { 4: 6, 0x10: 0xfffff000, 0x18: 0xfff00000, 0x1c: ~0 };
    const kept = value & (masks[offset] ?? 0);
    const view = new DataView(this.config.buffer);
    if (width === 4) {
      view.setUint32(offset, offset === 0x18 ? kept | 4 : kept, true);
    } else {
      view.setUint16(offset, kept, true);
    }
  }
  barRead(bar: number, offset: number, width: AccessWidth): number {
    return bar === 0 && width === 4 ? this.registers[offset / 4] : bar;
  }
  barWrite(bar: number, offset: number, _width: AccessWidth, value: number): void {
    this.registers[offset / 4] = value;
    if (bar === 0 && offset === 4) {
      this.onTimer();
    } else if (bar === 0 && offset === 8) {
      this.host.line(value !== 0);
    } else if (bar === 0 && offset === 12) {
      this.host.timers.arm(0, value);
    }
  }
  barMemory(): undefined {
    return undefined;
  }
  onTimer(): void {
    this.host.message(this.message.address, this.message.data);
  }
}

let bench: TestBench<Toy>;
const enable = (): void => {
  bench.device.config.write(4, 2, 6);
};
beforeEach(() => {
  bench = new TestBench((host) => new Toy(host), 1 << 20);
});

describe('BARs', () => {
  it('get addresses that are multiples of their sizes, and decoding stays off', () => {
    const { config } = bench.device;
    expect(config.read(0x10, 4)).toBe(0xe0000000);
    expect(config.read(0x18, 4)).toBe(0xe0100004);
    expect(config.read(0x1c, 4)).toBe(0);
    expect(config.read(4, 2)).toBe(0);
  });

  it('are mapped with their size, or refused when absent', () => {
    expect(bench.device.mapBar(0).size).toBe(4096);
    expect(bench.device.mapBar(2).size).toBe(1 << 20);
    expect(() => bench.device.mapBar(1)).toThrow('BAR1 is absent.');
    expect(() => bench.device.mapBar(3)).toThrow(RangeError);
    expect(bench.device.config.read(0x10, 4)).toBe(0xe0000000);
  });

  it('read all ones and take no write until memory decoding is on', () => {
    const bar = bench.device.mapBar(0);
    bar.write(0x20, 4, 7);
    expect(bar.read(0x20, 4)).toBe(0xffffffff);
    enable();
    expect(bar.read(0x20, 4)).toBe(0);
    bar.write(0x20, 4, -1);
    expect(bench.model.registers[8]).toBe(0xffffffff);
  });

  it('refuse what is misaligned or outside', () => {
    const bar = bench.device.mapBar(0);
    expect(() => bar.read(2, 4)).toThrow('BAR0: 4 bytes at 0x2 is no access.');
    expect(() => {
      bar.write(4096, 4, 0);
    }).toThrow(RangeError);
    expect(() => {
      bar.writeBlock(0, new Uint8Array(6));
    }).toThrow('BAR0: 6 bytes at 0x0 is no block.');
    expect(() => bench.device.config.read(4095, 2)).toThrow(RangeError);
  });

  it('move blocks word by word', () => {
    enable();
    const bar = bench.device.mapBar(0);
    bar.writeBlock(0x40, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect([...bench.model.registers.subarray(16, 18)]).toEqual([0x04030201, 0x08070605]);
    const back = new Uint8Array(8);
    bar.readBlock(0x40, back);
    expect(back).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  });
});

describe('memory', () => {
  it('is given in whole pages of zeros that do not overlap, and never page 0', () => {
    const { memory } = bench.device;
    const first = memory.allocate(1);
    const second = memory.allocate(4097);
    const third = memory.allocate(4096);
    expect([first, second, third]).toEqual([4096, 8192, 16384]);
    memory.store32(second, 0x12345678);
    expect(bench.ram.subarray(second, second + 4)).toEqual(Uint8Array.of(0x78, 0x56, 0x34, 0x12));
    memory.free(second);
    expect(memory.allocate(8192)).toBe(second);
    expect(memory.load32(second)).toBe(0);
  });

  it('runs out, and refuses a free of what was not allocated', () => {
    const { memory } = bench.device;
    expect(() => memory.allocate(1 << 20)).toThrow(
      expect.objectContaining({ name: 'OutOfMemory' }),
    );
    expect(() => {
      memory.free(4096);
    }).toThrow('Nothing was allocated at 0x1000.');
    expect(() => {
      memory.copyIn((1 << 20) - 2, new Uint8Array(4));
    }).toThrow(RangeError);
  });

  it('is copied in and out', () => {
    const { memory } = bench.device;
    memory.copyIn(0x3000, Uint8Array.of(9, 8, 7));
    const out = new Uint8Array(3);
    memory.copyOut(0x3000, out);
    expect(out).toEqual(Uint8Array.of(9, 8, 7));
  });
});

describe('DMA', () => {
  it('reaches what is mapped by the IOVA, at the same offset in its page, and nothing else', () => {
    const { dma } = bench.device;
    const { bus } = bench.model.host;
    const iova = dma.map(0x2010, 16, 'both');
    expect(iova % 4096).toBe(0x10);
    expect(iova).not.toBe(0x2010);
    expect(bus.write(iova + 4, Uint8Array.of(1, 2))).toBe(true);
    expect(bench.ram.subarray(0x2014, 0x2016)).toEqual(Uint8Array.of(1, 2));
    const into = new Uint8Array(2);
    expect(bus.read(iova + 4, into)).toBe(true);
    expect(into).toEqual(Uint8Array.of(1, 2));
    expect(bus.read(iova + 15, into)).toBe(false);
    expect(bus.write(0x2010, into)).toBe(false);
    expect(bench.refused).toEqual([`read 0x${(iova + 15).toString(16)}+2`, 'write 0x2010+2']);
  });

  it('goes only in the direction of the mapping', () => {
    const { bus } = bench.model.host;
    const out = bench.device.dma.map(0x2000, 16, 'to-device');
    const back = bench.device.dma.map(0x3000, 16, 'from-device');
    const bytes = new Uint8Array(4);
    expect([bus.read(out, bytes), bus.write(out, bytes)]).toEqual([true, false]);
    expect([bus.read(back, bytes), bus.write(back, bytes)]).toEqual([false, true]);
  });

  it('ends with the unmap, which must match', () => {
    const { dma } = bench.device;
    const iova = dma.map(0x2000, 16, 'both');
    expect(() => {
      dma.unmap(iova, 8);
    }).toThrow(RangeError);
    dma.unmap(iova, 16);
    expect(bench.model.host.bus.read(iova, new Uint8Array(4))).toBe(false);
  });
});

describe('interrupts', () => {
  it('run their handler at the next access, not within the write that raised them', () => {
    const log: string[] = [];
    bench.model.message = bench.device.irq.request(() => log.push('handler'));
    enable();
    const bar = bench.device.mapBar(0);
    bar.write(4, 4, 1);
    log.push('after the write');
    bar.read(0, 4);
    log.push('after the read');
    expect(log).toEqual(['after the write', 'handler', 'after the read']);
  });

  it('are not nested', () => {
    enable();
    const bar = bench.device.mapBar(0);
    let depth = 0;
    let most = 0;
    let runs = 0;
    bench.model.message = bench.device.irq.request(() => {
      most = Math.max(most, ++depth);
      if (++runs < 3) {
        bar.write(4, 4, 1);
        bar.read(0, 4);
      }
      depth--;
    });
    bar.write(4, 4, 1);
    bar.read(0, 4);
    expect([most, runs]).toEqual([1, 3]);
  });

  it('of the line repeat while it is high', () => {
    let runs = 0;
    bench.device.irq.requestLine(() => runs++);
    enable();
    const bar = bench.device.mapBar(0);
    bar.write(8, 4, 1);
    bar.read(0, 4);
    bar.read(0, 4);
    expect(runs).toBe(2);
    bar.write(8, 4, 0);
    const before = runs;
    bar.read(0, 4);
    expect(runs).toBe(before);
  });

  it('are dropped when nobody asked for them', () => {
    let runs = 0;
    const message = bench.device.irq.request(() => runs++);
    bench.model.host.message(message.address, message.data + 1);
    bench.model.host.message(message.address + 4, message.data);
    bench.device.irq.release(message);
    bench.model.host.message(message.address, message.data);
    bench.device.clock.delay(1);
    expect(runs).toBe(0);
  });

  it('wake a driver that waits, when a timer of the device fires', async () => {
    enable();
    const queue = bench.device.clock.waitQueue();
    let done = false;
    bench.model.message = bench.device.irq.request(() => {
      done = true;
      queue.wake();
    });
    bench.device.mapBar(0).write(12, 4, 5000);
    expect(await queue.until(() => done, 'data', 10_000)).toBe(true);
    expect(bench.device.clock.now()).toBeLessThan(6000);
  });
});

it('lists what a driver did not give back', () => {
  const { memory, dma, irq } = bench.device;
  expect(bench.leaks()).toEqual([]);
  const address = memory.allocate(5000);
  const iova = dma.map(address, 100, 'both');
  const message = irq.request(() => {});
  irq.requestLine(() => {});
  expect(bench.leaks()).toEqual([
    'memory 0x1000+8192',
    'mapping 0x4000000+100',
    'message 0x21',
    'line',
  ]);
  memory.free(address);
  dma.unmap(iova, 100);
  irq.release(message);
  irq.releaseLine();
  expect(bench.leaks()).toEqual([]);
});

it('keeps the frames and the events of the device', () => {
  const { display, trace } = bench.model.host;
  display.flip(Uint8Array.of(1, 2, 3, 4, 0, 0, 5, 6, 7, 8), 1, 2, 6);
  expect(bench.frames).toEqual([
    { pixels: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), width: 1, height: 2 },
  ]);
  expect([trace.event('fence', 1, 2), trace.event('flip', 0, 0)]).toEqual([1, 2]);
  expect(bench.events[0]).toEqual({ kind: 'fence', a: 1, b: 2 });
});
