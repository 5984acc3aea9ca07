import { describe, expect, it } from 'vitest';
import { CommandEncoder } from '../src/command-encoder.ts';
import {
  checkBufferSize,
  checkFence,
  checkImageSize,
  HandleTable,
  LostWork,
  resolveResources,
} from '../src/gpu-checks.ts';
import { GpuError, type GpuFeatures } from '../src/gpu.ts';

const features: GpuFeatures = {
  maxBufferBytes: 100,
  maxImageSize: 16,
  commands: new Set(),
  compute: false,
};

const refused = (run: () => void): string => {
  try {
    run();
    return 'allowed';
  } catch (error) {
    return (error as GpuError).code;
  }
};

describe('sizes', () => {
  it.each([1, 100])('of a buffer: %d bytes are allowed', (bytes) => {
    expect(refused(() => checkBufferSize(features, bytes))).toBe('allowed');
  });
  it.each([0, -1, 1.5, 101, NaN, Infinity])('of a buffer: not %d', (bytes) => {
    expect(refused(() => checkBufferSize(features, bytes))).toBe('bad-range');
  });
  it('of an image: both sides', () => {
    expect(refused(() => checkImageSize(features, 16, 1))).toBe('allowed');
    for (const [width, height] of [
      [0, 1],
      [1, 0],
      [17, 1],
      [1, 17],
      [1.5, 1],
    ] as const) {
      expect(refused(() => checkImageSize(features, width, height))).toBe('bad-range');
    }
  });
  it('of a fence: one that was given out', () => {
    expect(refused(() => checkFence(3, 3))).toBe('allowed');
    for (const fence of [0, 4, -1, 1.5, NaN]) {
      expect(refused(() => checkFence(fence, 3))).toBe('bad-range');
    }
  });
});

describe('a table of resources', () => {
  it('never uses a handle again', () => {
    const table = new HandleTable<{ handle: number; bytes: number }>();
    const first = table.add((handle) => ({ handle, bytes: 8 }));
    table.remove(first);
    const second = table.add((handle) => ({ handle, bytes: 8 }));
    expect([first.handle, second.handle]).toEqual([1, 2]);
    expect(refused(() => table.find(1))).toBe('bad-handle');
    expect([...table.all()]).toEqual([second]);
  });

  it('finds ranges that are within, to the last byte', () => {
    const table = new HandleTable<{ handle: number; bytes: number }>(() => 7);
    const made = table.add((handle) => ({ handle, bytes: 8 }));
    expect(table.within(7, 8, 0)).toBe(made);
    expect(table.within(7, 0, 8)).toBe(made);
    for (const [offset, bytes] of [
      [8, 1],
      [-1, 1],
      [0.5, 1],
      [0, 9],
      [2 ** 40, 1],
    ] as const) {
      expect(refused(() => table.within(7, offset, bytes))).toBe('bad-range');
    }
  });

  it('resolves a stream, says what it touches and writes, and refuses what means nothing', () => {
    const table = new HandleTable<{ handle: number; bytes: number }>();
    const source = table.add((handle) => ({ handle, bytes: 64 }));
    const target = table.add((handle) => ({ handle, bytes: 64 }));
    const stream = new CommandEncoder()
      .copy({
        dst: { handle: target.handle, offset: 4 },
        src: { handle: source.handle, offset: 8 },
        ...{ dstStride: 16, srcStride: 16, rowBytes: 16, rows: 1 },
      })
      .finish();
    const touched: unknown[] = [];
    const packets = resolveResources(
      stream,
      table,
      ({ handle }) => handle * 4096,
      ({ handle }, writes) => touched.push([handle, writes]),
    );
    expect([...packets]).toEqual(expect.arrayContaining([2 * 4096 + 4, 4096 + 8]));
    expect(touched).toEqual([
      [target.handle, true],
      [source.handle, false],
    ]);
    const bad = { words: Uint32Array.of(0xff) };
    expect(refused(() => void resolveResources(bad, table, () => 0))).toBe('bad-command');
  });
});

describe('lost work', () => {
  const error = new GpuError('lost', 'gone');

  it('is found by its fence', () => {
    const lost = new LostWork();
    lost.record(7, error);
    expect([lost.errorOf(7), lost.errorOf(8)]).toEqual([error, undefined]);
  });

  it('is forgotten, the oldest first, when there is more than 1024 of it', () => {
    const lost = new LostWork();
    for (let fence = 1; fence <= 1026; fence++) {
      lost.record(fence, error);
    }
    const known = [1, 2, 3, 1026].filter((fence) => lost.errorOf(fence) !== undefined);
    expect(known).toEqual([3, 1026]);
  });
});
