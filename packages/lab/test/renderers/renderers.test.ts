import { CommandEncoder, type Gpu, NONE } from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { NullRenderer } from '../../src/renderers/null.ts';
import { SoftwareRenderer } from '../../src/renderers/software.ts';
import { codeOf, fill, refusesAlike } from './refusals.ts';
import { engineRates } from '../../src/stacks/engine-rates.ts';

interface Shown {
  readonly first: number;
  readonly width: number;
  readonly height: number;
}

function software(memoryBytes = 1 << 20) {
  const shown: Shown[] = [];
  let spent = 0;
  const gpu = new SoftwareRenderer({
    display: {
      flip: (pixels, width, height) => shown.push({ first: pixels[0], width, height }),
    },
    memoryBytes,
    rates: engineRates(profiles.get('kvm-x86')!, 'software'),
    spend: (ns) => {
      spent += ns;
    },
  });
  return { gpu, shown, spent: () => spent };
}

describe('the software renderer', () => {
  it('fills, shows what it filled, and says how long the engine took', async () => {
    const { gpu, shown, spent } = software();
    const image = await gpu.createImage(8, 4);
    const fence = await gpu.submit(fill(image.handle, 8, 4, 0x11223344).finish());
    await gpu.wait(fence);
    await gpu.present(image);
    expect(shown).toEqual([{ first: 0x44, width: 8, height: 4 }]);
    const pixels = new Uint8Array(8);
    await gpu.read(image, 120, pixels);
    expect([...pixels]).toEqual([0x44, 0x33, 0x22, 0x11, 0x44, 0x33, 0x22, 0x11]);
    const { packet, fillByte } = engineRates(profiles.get('kvm-x86')!, 'software');
    expect(spent()).toBe(packet + 8 * 4 * 4 * fillByte);
  });

  it('gives new memory as zeros, though another had it', async () => {
    const { gpu } = software(3 * 4096);
    const first = await gpu.createBuffer(8192);
    expect(await codeOf(gpu.createBuffer(1))).toBe('out-of-memory');
    await gpu.write(first, 0, new Uint8Array(8192).fill(7));
    await gpu.destroy(first);
    const second = await gpu.createBuffer(8192);
    const bytes = new Uint8Array(8192).fill(1);
    await gpu.read(second, 0, bytes);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('forgets the state of one command buffer before the next', async () => {
    const { gpu } = software();
    const image = await gpu.createImage(4, 4);
    const vertices = await gpu.createBuffer(36 * 3);
    const indices = await gpu.createBuffer(12);
    const draw = {
      vertices: { handle: vertices.handle, offset: 0 },
      ...{ vertexCount: 3, indices: { handle: indices.handle, offset: 0 }, indexCount: 3 },
      flags: 0,
    };
    const target = {
      color: { handle: image.handle, offset: 0 },
      ...{ colorStride: 16, depth: NONE, depthStride: 0, width: 4, height: 4 },
    };
    await gpu.wait(await gpu.submit(new CommandEncoder().setTarget(target).draw(draw).finish()));
    const lost = await gpu.submit(new CommandEncoder().draw(draw).finish());
    expect(await codeOf(gpu.wait(lost))).toBe('fault');
    await gpu.wait(await gpu.submit(fill(image.handle, 4, 4, 1).finish()));
  });
});

const others: readonly (readonly [string, () => Gpu])[] = [
  ['software', () => software().gpu],
  ['null', () => new NullRenderer({ flip: () => undefined })],
];

describe.each(others)('the %s renderer', (_name, make) => {
  it('refuses what every Gpu refuses, with the same codes', () => refusesAlike(make()));
});

it('the null renderer shows black frames of the right size', async () => {
  const shown: number[] = [];
  const gpu = new NullRenderer({
    flip: (pixels, width, height) => shown.push(pixels.length, width, height, Math.max(...pixels)),
  });
  const image = await gpu.createImage(4, 2);
  await gpu.write(image, 0, new Uint8Array(32).fill(255));
  await gpu.wait(await gpu.submit(fill(image.handle, 4, 2, 0xffffffff).finish()));
  await gpu.present(image);
  expect(shown).toEqual([32, 4, 2, 0]);
});
