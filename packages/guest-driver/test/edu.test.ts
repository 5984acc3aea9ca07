import type { PciDevice } from '@doorbell/abi';
import { BochsDisplay as BochsModel, Edu as EduModel } from '@doorbell/device-model';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Edu, EduError } from '../src/edu.ts';
import { ProbeError } from '../src/pci.ts';
import { TestBench } from './harness.ts';

let bench: TestBench<EduModel>;
beforeEach(() => {
  bench = new TestBench((host) => new EduModel(host));
});
const command = (): number => bench.model.configRead(4, 2);

describe('the probe', () => {
  it('turns on memory, bus mastering and MSI', () => {
    new Edu(bench.device);
    expect(command()).toBe(0x6);
    expect(bench.model.configRead(0x42, 2)).toBe(0x81);
    expect(bench.model.configRead(0x44, 4)).toBe(0xfee00000);
  });

  it('refuses another device and leaves it alone', () => {
    const other = new TestBench((host) => new BochsModel(host));
    expect(() => new Edu(other.device)).toThrow(new ProbeError('The function is no edu.'));
    expect(other.model.configRead(4, 2)).toBe(0);
    expect(other.leaks()).toEqual([]);
  });

  it.each([
    ['is another device behind its ids', { read: () => 0x010000ee }],
    ['does not answer', { read: () => 0x010000ed }],
    ['is gone', { read: () => 0xffffffff }],
  ])('refuses a device that %s, and gives everything back', (_name, broken) => {
    const device: PciDevice = {
      ...bench.device,
      mapBar: (index) => ({ ...bench.device.mapBar(index), ...broken }),
    };
    expect(() => new Edu(device)).toThrow(ProbeError);
    expect(bench.leaks()).toEqual([]);
    expect(command()).toBe(0);
  });

  it('refuses a page that the device cannot reach, and gives everything back', () => {
    const far: PciDevice = {
      ...bench.device,
      dma: { ...bench.device.dma, map: () => 2 ** 28 - 4095, unmap: () => {} },
    };
    expect(() => new Edu(far)).toThrow('edu cannot reach the page that it was given.');
    expect(bench.leaks()).toEqual([]);
    expect(command()).toBe(0);
  });

  it('gives back what it holds when memory runs out', () => {
    const full = new TestBench((host) => new EduModel(host), 4096);
    expect(() => new Edu(full.device)).toThrow(expect.objectContaining({ name: 'OutOfMemory' }));
    expect(full.leaks()).toEqual([]);
    expect(full.model.configRead(4, 2)).toBe(0);
  });
});

describe('remove', () => {
  it('gives everything back, and leaves the device as it was found', () => {
    const edu = new Edu(bench.device);
    expect(bench.leaks()).not.toEqual([]);
    edu.remove();
    expect(bench.leaks()).toEqual([]);
    expect(command()).toBe(0);
    expect(bench.model.configRead(0x42, 2)).toBe(0x80);
  });

  it('lets the device be probed again', async () => {
    new Edu(bench.device).remove();
    expect(await new Edu(bench.device).factorial(4)).toBe(24);
  });
});

describe('a factorial', () => {
  it('is waited for', async () => {
    const edu = new Edu(bench.device);
    expect(await edu.factorial(5)).toBe(120);
    expect(await edu.factorial(12)).toBe(479001600);
    expect(await edu.factorial(0)).toBe(1);
  });

  it('is each caller its own, when several ask at once', async () => {
    const edu = new Edu(bench.device);
    expect(await Promise.all([3, 4, 5, 6].map((n) => edu.factorial(n)))).toEqual([6, 24, 120, 720]);
  });
});

describe('the buffer', () => {
  it('gives back what was put there, by DMA within the mapping', async () => {
    const edu = new Edu(bench.device);
    const bytes = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7) & 0xff);
    await edu.write(0, bytes);
    const back = new Uint8Array(100);
    await edu.read(1000, back);
    expect(back).toEqual(bytes.subarray(1000, 1100));
    expect(bench.refused).toEqual([]);
    expect(bench.device.clock.now()).toBeGreaterThan(200_000_000);
  });

  it('is what a plain array would be, for any writes and reads', async () => {
    const part = fc.record({
      offset: fc.nat(4095),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 8 }), async (parts) => {
        const edu = new Edu(new TestBench((host) => new EduModel(host), 1 << 16).device);
        const expected = new Uint8Array(4096);
        for (const { offset, bytes } of parts) {
          const fitting = bytes.subarray(0, 4096 - offset);
          await edu.write(offset, fitting);
          expected.set(fitting, offset);
        }
        const all = new Uint8Array(4096);
        await edu.read(0, all);
        expect(all).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('may be used and a factorial computed at once', async () => {
    const edu = new Edu(bench.device);
    const back = new Uint8Array(3);
    const [, product] = await Promise.all([
      edu.write(0, Uint8Array.of(1, 2, 3)),
      edu.factorial(6),
      edu.read(0, back),
    ]);
    expect(product).toBe(720);
    expect(back).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('has an end', async () => {
    const edu = new Edu(bench.device);
    await expect(edu.write(4000, new Uint8Array(97))).rejects.toThrow(RangeError);
    await expect(edu.read(-1, new Uint8Array(1))).rejects.toThrow(RangeError);
    await edu.write(4000, new Uint8Array(96));
  });
});

it('says so when the device does not finish, and serves the next caller', async () => {
  const edu = new Edu(bench.device);
  bench.model.configWrite(0x42, 2, 0); // MSI off: its interrupt is lost
  await expect(edu.factorial(5)).rejects.toThrow(EduError);
  bench.model.configWrite(0x42, 2, 1);
  expect(await edu.factorial(5)).toBe(120);
});
