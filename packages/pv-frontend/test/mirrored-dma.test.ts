import { PAGE_BYTES } from '@doorbell/abi';
import { MAX_COHERENT_BYTES, MAX_COHERENT_RANGES } from '@doorbell/wire';
import { expect, test } from 'vitest';
import { MirroredDma } from '../src/mirrored-dma.ts';
import { MirroredMemory } from '../src/mirrored-memory.ts';
import { TestMemory } from '../testing/test-memory.ts';

function mirrored(): { dma: MirroredDma; ram: TestMemory } {
  const ram = new TestMemory();
  const messages = { map: () => {}, unmap: () => Promise.resolve() };
  return { dma: new MirroredDma(ram.dma, new MirroredMemory(ram, () => {}), messages), ram };
}

test('has room for as many coherent ranges as the device, and for more once one is freed', () => {
  const { dma, ram } = mirrored();
  const made = Array.from({ length: MAX_COHERENT_RANGES }, () => dma.allocateCoherent(PAGE_BYTES));
  expect(() => dma.allocateCoherent(PAGE_BYTES)).toThrow(
    expect.objectContaining({ name: 'OutOfMemory' }),
  );
  expect(ram.used).toBe(MAX_COHERENT_RANGES * PAGE_BYTES);
  dma.freeCoherent(made[3]);
  dma.allocateCoherent(PAGE_BYTES);
});

test('has room for as many coherent bytes as the device, and for more once some are freed', () => {
  const { dma } = mirrored();
  const most = dma.allocateCoherent(MAX_COHERENT_BYTES - PAGE_BYTES);
  dma.allocateCoherent(PAGE_BYTES);
  expect(() => dma.allocateCoherent(PAGE_BYTES)).toThrow(
    expect.objectContaining({ name: 'OutOfMemory' }),
  );
  dma.freeCoherent(most);
  dma.allocateCoherent(PAGE_BYTES);
});
