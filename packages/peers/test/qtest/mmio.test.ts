import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bdf, type0Header } from '@doorbell/abi';
import { describeWith } from '../needs.ts';
import type { QtestMachine } from '../../src/qtest/machine.ts';
import { withMachine } from './with-machine.ts';

const devices = ['edu,addr=3', 'bochs-display,id=display,addr=4'];

function bar(machine: QtestMachine, slot: number, index: number) {
  const device = machine.device(bdf(0, slot, 0));
  device.config.write(type0Header.rows.COMMAND.offset, 2, 2);
  return device.mapBar(index);
}

describeWith(['qemu'], 'a window on a device', () => {
  it('reads and writes 1, 2 and 4 bytes, unsigned', async () => {
    await withMachine({ devices }, async (machine) => {
      const memory = bar(machine, 4, 0);
      memory.write(0, 4, 0xfedcba98);
      expect(memory.read(0, 4)).toBe(0xfedcba98);
      expect(memory.read(0, 2)).toBe(0xba98);
      expect(memory.read(3, 1)).toBe(0xfe);
      memory.write(1, 1, 0x177);
      memory.write(2, 2, -1);
      expect(memory.read(0, 4)).toBe(0xffff7798);
    });
  });

  it('refuses what lies beyond its end or is not aligned, and QEMU hears nothing of it', async () => {
    await withMachine({ devices }, async (machine) => {
      const registers = bar(machine, 3, 0);
      expect(registers.size).toBe(1 << 20);
      for (const offset of [1, 2, 3, -4, 1 << 20, NaN, 0.5, 2 ** 60]) {
        expect(() => registers.read(offset, 4)).toThrow(RangeError);
        expect(() => registers.write(offset, 4, 0)).toThrow(RangeError);
        expect(() => registers.readBlock(offset, new Uint8Array(4))).toThrow(RangeError);
        expect(() => registers.writeBlock(offset, new Uint8Array(4))).toThrow(RangeError);
      }
      expect(() => registers.readBlock(0, new Uint8Array(6))).toThrow(RangeError);
      expect(() => registers.writeBlock((1 << 20) - 4, new Uint8Array(8))).toThrow(RangeError);
      expect(registers.read(0, 4)).toBe(0x010000ed);
    });
  });

  it('reads blocks as words, of registers and of memory', async () => {
    await withMachine({ devices }, async (machine) => {
      // edu answers accesses of 4 bytes only: one of 8 would read all ones.
      const registers = bar(machine, 3, 0);
      registers.write(4, 4, 0x12345678); // which reads inverted
      const block = new DataView(new ArrayBuffer(8));
      registers.readBlock(0, new Uint8Array(block.buffer));
      expect(block.getUint32(0, true)).toBe(0x010000ed);
      expect(block.getUint32(4, true)).toBe(0xedcba987);

      const edid = new Uint8Array(1024);
      const window = bar(machine, 4, 2);
      window.readBlock(0, edid);
      expect([...edid.subarray(0, 8)]).toEqual([0, 255, 255, 255, 255, 255, 255, 0]);
      expect([...edid]).toEqual(Array.from(edid, (_, at) => window.read(at, 1)));
    });
  });

  it('moves blocks of any size to memory and back', async () => {
    await withMachine({ devices }, async (machine) => {
      const memory = bar(machine, 4, 0);
      for (const size of [0, 4, 24 << 10, (24 << 10) + 4, 1 << 20]) {
        const bytes = Uint8Array.from({ length: size }, (_, at) => at * 7 + (at >> 8));
        memory.writeBlock(8, bytes);
        const seen = new Uint8Array(size);
        memory.readBlock(8, seen);
        expect(Buffer.compare(seen, bytes)).toBe(0);
      }
      expect(memory.read(0, 4)).toBe(0);
    });
  });

  it('writes blocks to registers word by word, in order', async () => {
    await withMachine({ devices }, async (machine) => {
      const registers = bar(machine, 3, 0);
      const words = Uint32Array.of(0x11, 0, 0x22, 0, 0x33, 0);
      registers.writeBlock(0x80, new Uint8Array(words.buffer));
      expect([0x80, 0x88, 0x90].map((at) => registers.read(at, 4))).toEqual([0x11, 0x22, 0x33]);
    });
  });

  it('is written before a screendump that was asked for later', async () => {
    await withMachine({ devices }, async (machine) => {
      const memory = bar(machine, 4, 0);
      const registers = bar(machine, 4, 2);
      const mode = [
        [1, 64],
        [2, 64],
        [3, 32],
        [4, 0x41],
      ];
      for (const [index, value] of mode) {
        registers.write(0x500 + index * 2, 2, value);
      }
      for (let at = 0; at < 64 * 64; at++) {
        memory.write(at * 4, 4, 0x00123456);
      }
      const folder = await mkdtemp(join(tmpdir(), 'doorbell-test-'));
      const { width, pixels } = await machine.qmp.screendump('display', join(folder, 'shown'));
      await rm(folder, { recursive: true });
      expect(width).toBe(64);
      expect([...new Set(new Uint32Array(pixels.buffer))]).toEqual([0xff563412]);
    });
  });
});
