import { closeSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { eduBuffer, bdf } from '@doorbell/abi';
import { Edu } from '@doorbell/guest-driver';
import { OutOfMemory } from '@doorbell/hypervisor';
import { loadLibc } from '../../src/native/libc.ts';
import { createRamFile, FileRam, MappedRam, type RamBytes } from '../../src/qtest/ram-file.ts';
import { describeWith } from '../needs.ts';
import { withMachine } from './with-machine.ts';

const BYTES = 1 << 20;

/** What both kinds of RAM do to a file, and what they then read. */
function use(ram: RamBytes): unknown[] {
  ram.store32(0, 0xfedcba98);
  ram.store16(4, 0x1fffe);
  ram.release16(6, 0x1234);
  ram.write(4096 - 3, Uint8Array.of(1, 2, 3, 4, 5));
  ram.store32(8, -1);
  const across = new Uint8Array(8);
  ram.read(4096 - 4, across);
  return [
    ram.load32(0),
    ram.load16(2),
    ram.load16(4),
    ram.acquire16(6),
    ram.load32(8),
    [...across],
    ram.take32(0),
    ram.take32(0),
    ram.load32(0),
  ];
}

const EXPECTED = [
  0xfedcba98,
  0xfedc,
  0xfffe,
  0x1234,
  0xffffffff,
  [0, 1, 2, 3, 4, 5, 0, 0],
  0xfedcba98,
  0,
  0,
];

describe("a guest's RAM in a file", () => {
  it('is read and written without koffi', () => {
    const before = readdirSync('/dev/shm');
    const file = createRamFile(tmpdir(), BYTES);
    const ram = new FileRam(file);
    expect(use(ram)).toEqual(EXPECTED);
    expect(() => ram.read(BYTES - 2, new Uint8Array(4))).toThrow(RangeError);
    ram.close();
    closeSync(file);
    expect(() => ram.load32(0)).toThrow();
    expect(readdirSync('/dev/shm').filter((name) => !before.includes(name))).toEqual([]);
  });
});

describeWith(['koffi'], "a guest's RAM that is mapped", () => {
  it('holds what the file holds', async () => {
    const file = createRamFile(tmpdir(), BYTES);
    const mapped = new MappedRam(await loadLibc(), file, BYTES);
    const read = new FileRam(file);
    expect(use(mapped)).toEqual(EXPECTED);
    mapped.store32(64, 0x01020304);
    expect(read.load32(64)).toBe(0x01020304);
    read.store32(64, 0x05060708);
    expect(mapped.load32(64)).toBe(0x05060708);
    mapped.close();
    closeSync(file);
  });
});

describeWith(['qemu'], 'the memory of a machine', () => {
  it('hands out zeroed pages above 1 MiB, and takes them back', async () => {
    await withMachine({ devices: [], memoryBytes: 4 << 20 }, async ({ memory }) => {
      const first = memory.allocate(5000);
      expect(first % 4096).toBe(0);
      expect(first).toBeGreaterThanOrEqual(1 << 20);
      memory.copyIn(first, new Uint8Array(8192).fill(7));
      memory.free(first);
      expect(memory.allocate(8192)).toBe(first);
      expect(memory.load32(first + 4092)).toBe(0);
      expect(() => memory.allocate(4 << 20)).toThrow(OutOfMemory);
      expect(() => memory.free(first + 4096)).toThrow(RangeError);
    });
  });

  it('refuses addresses beyond RAM, and those that are not aligned', async () => {
    const size = 2 << 20;
    await withMachine({ devices: [], memoryBytes: size }, async ({ memory }) => {
      for (const address of [-4, 2, size - 2, size, 2 ** 40, NaN]) {
        expect(() => memory.load32(address)).toThrow(RangeError);
        expect(() => memory.store32(address, 0)).toThrow(RangeError);
      }
      expect(() => memory.load16(1)).toThrow(RangeError);
      expect(() => memory.copyOut(size - 1, new Uint8Array(2))).toThrow(RangeError);
      expect(() => memory.copyIn(size - 1, new Uint8Array(2))).toThrow(RangeError);
    });
  });

  it('is the RAM that QEMU has', async () => {
    await withMachine({ devices: [] }, async (machine) => {
      const { memory } = machine;
      const page = memory.allocate(4096);
      const theirs = machine.window(page, 4096);
      memory.store32(page, 0x12345678);
      expect(theirs.read(0, 4)).toBe(0x12345678);
      theirs.write(4, 4, 0x9abcdef0);
      expect(theirs.read(4, 4)).toBe(0x9abcdef0);
      expect(memory.load32(page + 4)).toBe(0x9abcdef0);
    });
  });

  it('has no IOMMU before it', async () => {
    await withMachine({ devices: ['edu,addr=3'] }, async (machine) => {
      const device = machine.device(bdf(0, 3, 0));
      const coherent = device.dma.allocateCoherent(4096);
      expect(coherent.iova).toBe(coherent.address);
      device.dma.freeCoherent(coherent);
      const edu = new Edu(device);
      const bytes = new Uint8Array(eduBuffer.bytes).fill(0x5a);
      await edu.write(0, bytes);
      edu.remove();
      const again = new Edu(device);
      const seen = new Uint8Array(eduBuffer.bytes);
      await again.read(0, seen);
      expect(Buffer.compare(seen, bytes)).toBe(0);
    });
  });
});
