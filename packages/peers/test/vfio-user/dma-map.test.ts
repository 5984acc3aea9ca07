import { beforeEach, describe, expect, it } from 'vitest';
import { DmaMap } from '../../src/vfio-user/dma-map.ts';
import { MAX_DMA_MAPS } from '../../src/vfio-user/version.ts';

const PAGE = 4096;
/** A file of four pages, whose bytes tell where they are. */
let file: Uint8Array;
let mapped: Set<ArrayBuffer>;
let dma: DmaMap;

beforeEach(() => {
  file = Uint8Array.from({ length: 4 * PAGE }, (_, at) => at >> 8);
  mapped = new Set();
  dma = new DmaMap({
    mapShared: (descriptor, offset, bytes) => {
      if (descriptor !== 7 || offset + bytes > file.length) {
        throw new RangeError('beyond the file');
      }
      const memory = file.slice(offset, offset + bytes).buffer;
      mapped.add(memory);
      return memory;
    },
    release: (memory) => mapped.delete(memory),
  });
});

const range = (address: number, size: number, isReadable = true, isWritable = true) => ({
  ...{ address, size, isReadable, isWritable },
});
const at = (offset: number) => ({ descriptor: 7, offset });
const read = (address: number, bytes: number): number[] | undefined => {
  const into = new Uint8Array(bytes);
  return dma.read(address, into) ? [...into] : undefined;
};

it('reads and writes what is mapped, where it is', () => {
  dma.add(range(0x8000, PAGE), at(PAGE));
  expect(read(0x8000, 2)).toEqual([0x10, 0x10]);
  expect(dma.write(0x8ffe, Uint8Array.of(1, 2))).toBe(true);
  expect(read(0x8ffd, 3)).toEqual([0x1f, 1, 2]);
  expect([dma.bytesRead, dma.bytesWritten]).toEqual([5, 2]);
});

it('goes across ranges that meet', () => {
  dma.add(range(0x9000, PAGE), at(0));
  dma.add(range(0x8000, PAGE), at(2 * PAGE));
  expect(read(0x8fff, 2)).toEqual([0x2f, 0]);
  expect(dma.write(0x8fff, Uint8Array.of(8, 9))).toBe(true);
  expect(read(0x8fff, 2)).toEqual([8, 9]);
});

it('refuses what is not there, or not all of it, and moves nothing', () => {
  dma.add(range(0x8000, PAGE), at(0));
  expect(read(0x7fff, 2)).toBeUndefined();
  expect(read(0x9000, 1)).toBeUndefined();
  expect(dma.write(0x8fff, Uint8Array.of(1, 2))).toBe(false);
  expect(read(0x8fff, 1)).toEqual([0x0f]);
  expect(dma.refused).toBe(3);
});

it('refuses what the client does not allow, or has not shared', () => {
  dma.add(range(0x8000, PAGE, true, false), at(0));
  dma.add(range(0x9000, PAGE, false, true), at(PAGE));
  dma.add(range(0xa000, PAGE), undefined);
  expect(dma.write(0x8000, Uint8Array.of(1))).toBe(false);
  expect(read(0x9000, 1)).toBeUndefined();
  expect(read(0xa000, 1)).toBeUndefined();
  expect(dma.write(0xa000, Uint8Array.of(1))).toBe(false);
  expect(dma.write(0x9000, Uint8Array.of(1))).toBe(true);
});

describe('a client that asks for what cannot be', () => {
  it.each([
    ['a range over another', range(0x8fff, 2), at(0), 'EEXIST'],
    ['no bytes', range(0x4000, 0), at(0), 'EINVAL'],
    ['more than there are addresses', range(2 ** 53, PAGE), at(0), 'EINVAL'],
    ['more than the file has', range(0x4000, PAGE), at(4 * PAGE), 'EINVAL'],
  ])('is refused: %s', (_, wanted, from, code) => {
    dma.add(range(0x8000, PAGE), at(0));
    expect(() => dma.add(wanted, from)).toThrow(expect.objectContaining({ code }));
    expect(dma.size).toBe(1);
  });

  it('is refused: one range too many', () => {
    for (let each = 0; each < MAX_DMA_MAPS; each++) {
      dma.add(range(each * PAGE, PAGE), at(0));
    }
    expect(() => dma.add(range(MAX_DMA_MAPS * PAGE, PAGE), at(0))).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    );
  });

  it('is refused: to unmap anything but a range that was mapped', () => {
    dma.add(range(0x8000, 2 * PAGE), at(0));
    for (const [address, size] of [
      [0x8000, PAGE],
      [0x9000, PAGE],
    ]) {
      const code = expect.objectContaining({ code: 'ENOENT' });
      expect(() => dma.remove(address, size)).toThrow(code);
    }
  });
});

it('unmaps what is let go, and all at the end', () => {
  dma.add(range(0x8000, PAGE), at(0));
  dma.add(range(0x9000, PAGE), at(PAGE));
  dma.remove(0x8000, PAGE);
  expect(mapped.size).toBe(1);
  expect(read(0x8000, 1)).toBeUndefined();
  dma.add(range(0x8000, PAGE), at(2 * PAGE));
  expect(read(0x8000, 1)).toEqual([0x20]);
  dma.clear();
  expect(mapped.size).toBe(0);
});
