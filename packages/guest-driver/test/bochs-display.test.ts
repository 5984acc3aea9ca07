import type { PciDevice } from '@doorbell/abi';
import { BochsDisplay as BochsModel, Edu as EduModel } from '@doorbell/device-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { BochsDisplay } from '../src/bochs-display.ts';
import { ProbeError } from '../src/pci.ts';
import { TestBench } from './harness.ts';

let bench: TestBench<BochsModel>;
beforeEach(() => {
  bench = new TestBench((host) => new BochsModel(host, 800, 600));
});

/** A device whose registers read through `change`. */
function changed(change: (offset: number, value: number) => number): PciDevice {
  const { device } = bench;
  return {
    ...device,
    mapBar: (index) => {
      const bar = device.mapBar(index);
      return index === 0
        ? bar
        : { ...bar, read: (offset, width) => change(offset, bar.read(offset, width)) };
    },
  };
}

describe('the probe', () => {
  it('reads what the display says of itself', () => {
    const { edid, memory } = new BochsDisplay(bench.device);
    expect(edid).toMatchObject({ name: 'Doorbell', preferred: { width: 800, height: 600 } });
    expect(memory).toBe(16 << 20);
  });

  it('turns on memory decoding alone, and no screen', () => {
    new BochsDisplay(bench.device);
    expect(bench.model.configRead(4, 2)).toBe(0x2);
    expect(bench.model.scanout()).toBeUndefined();
  });

  it('refuses another device and leaves it alone', () => {
    const other = new TestBench((host) => new EduModel(host));
    expect(() => new BochsDisplay(other.device)).toThrow('The function is no bochs-display.');
    expect(other.model.configRead(4, 2)).toBe(0);
  });

  it('refuses a device that does not speak DISPI, and gives everything back', () => {
    const device = changed((offset, value) => (offset === 0x500 ? 0xffff : value));
    expect(() => new BochsDisplay(device)).toThrow(ProbeError);
    expect(bench.model.configRead(4, 2)).toBe(0);
  });

  it('believes no more memory than the BAR reaches', () => {
    const device = changed((offset, value) => (offset === 0x514 ? 0xffff : value));
    expect(new BochsDisplay(device).memory).toBe(16 << 20);
  });

  it('does without an EDID that is damaged', () => {
    const { device } = bench;
    const damaged: PciDevice = {
      ...device,
      mapBar: (index) => {
        const bar = device.mapBar(index);
        return {
          ...bar,
          readBlock: (offset, into) => {
            bar.readBlock(offset, into);
            into[20] = into[20] ^ 1;
          },
        };
      },
    };
    expect(new BochsDisplay(damaged).edid).toBeUndefined();
  });
});

describe('a mode', () => {
  it('shows the first pixels of memory', () => {
    new BochsDisplay(bench.device).setMode(320, 200);
    expect(bench.model.scanout()).toMatchObject({ width: 320, height: 200 });
  });

  it('may follow another', () => {
    const display = new BochsDisplay(bench.device);
    display.setMode(320, 200);
    display.setMode(800, 600);
    expect(bench.model.scanout()).toMatchObject({ width: 800, height: 600 });
  });

  it.each([
    [63, 480],
    [640, 63],
    [4096, 1025],
    [65536, 64],
  ])('of %ix%i pixels is refused, and the one before stays', (width, height) => {
    const display = new BochsDisplay(bench.device);
    display.setMode(320, 200);
    expect(() => {
      display.setMode(width, height);
    }).toThrow(`bochs-display has no mode of ${width}x${height} pixels.`);
    expect(bench.model.scanout()).toMatchObject({ width: 320, height: 200 });
  });
});

describe('a picture', () => {
  const red = [255, 0, 0, 255];
  const green = [0, 255, 0, 255];
  const blue = [1, 2, 255, 255];
  const black = [0, 0, 0, 255];
  const pixel = (x: number, y: number): number[] => {
    const { width, pixels } = bench.model.scanout() ?? { width: 0, pixels: new Uint8Array() };
    return [...pixels.subarray((y * width + x) * 4, (y * width + x + 1) * 4)];
  };

  it('is shown where it is drawn', () => {
    const display = new BochsDisplay(bench.device);
    display.setMode(64, 64);
    const pixels = Uint8Array.from([...red, ...green, ...blue, ...red]);
    display.draw({ pixels, width: 2, height: 2 }, 62, 10);
    expect([pixel(62, 10), pixel(63, 10), pixel(62, 11), pixel(63, 11)]).toEqual([
      ...[red, green, blue, red],
    ]);
    expect([pixel(61, 10), pixel(0, 11), pixel(62, 12)]).toEqual([black, black, black]);
  });

  it('that reaches beyond the screen is refused', () => {
    const display = new BochsDisplay(bench.device);
    const picture = { pixels: new Uint8Array(16), width: 2, height: 2 };
    expect(() => {
      display.draw(picture, 0, 0);
    }).toThrow(RangeError);
    display.setMode(64, 64);
    for (const [x, y] of [
      [63, 0],
      [0, 63],
      [-1, 0],
      [0, -1],
    ]) {
      expect(() => {
        display.draw(picture, x, y);
      }).toThrow(`2x2 pixels at ${x},${y} reach beyond the screen.`);
    }
    display.draw(picture, 62, 62);
  });
});

it('turns the screen off and everything back when it is removed', () => {
  const display = new BochsDisplay(bench.device);
  display.setMode(320, 200);
  display.remove();
  expect(bench.model.configRead(4, 2)).toBe(0);
  bench.model.configWrite(4, 2, 2);
  expect(bench.model.barRead(2, 0x508, 2)).toBe(0);
  expect(bench.leaks()).toEqual([]);
});
