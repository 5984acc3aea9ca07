import type { PciDevice } from '@doorbell/abi';
import { beforeEach, expect, it } from 'vitest';
import { AddressSpace } from '../../src/bell/address-space.ts';
import { DmaBuffer } from '../../src/bell/dma-buffer.ts';
import { FirstFit } from '../../src/bell/first-fit.ts';
import { MemoryWindow } from '../memory-window.ts';

const RAM = 0x7000;
const IOVA = 0x9_8000_0000;
let log: string[];
let aperture: MemoryWindow;
let space: AddressSpace;
let failing: string;
let port: PciDevice;

beforeEach(() => {
  log = [];
  failing = '';
  aperture = new MemoryWindow(16 * 4096);
  space = new AddressSpace(aperture, new FirstFit(0, 16), () => log.push('invalidate'));
  const step = <T>(name: string, value: T): T => {
    log.push(name);
    if (name === failing) {
      throw Object.assign(new Error('It is full.'), { name: 'OutOfMemory' });
    }
    return value;
  };
  port = {
    memory: {
      allocate: () => step('allocate', RAM),
      free: () => step('free', undefined),
      copyIn: () => step('copyIn', undefined),
    },
    dma: { map: () => step('map', IOVA), unmap: () => step('unmap', undefined) },
  } as unknown as PciDevice;
});

/** The entry of the first page that is mapped: page 1, in the table at VRAM page 1. */
const entry = (): number[] => [aperture.word(4096 + 8), aperture.word(4096 + 12)];

it('is RAM for the CPU, an IOVA on the bus, and a virtual address for the GPU', () => {
  const buffer = new DmaBuffer(port, space, 5000, 'both');
  expect([buffer.address, buffer.va, buffer.bytes]).toEqual([RAM, 0x1000, 5000]);
  expect(entry()).toEqual([0x8000_0007, 9]); // VALID, WRITE, SYSTEM
});

it('is read-only for a GPU that only reads', () => {
  new DmaBuffer(port, space, 4096, 'to-device');
  expect(entry()).toEqual([0x8000_0005, 9]);
});

it('takes its contents before the device has it', () => {
  new DmaBuffer(port, space, 4, 'to-device', Uint8Array.of(1, 2, 3, 4));
  expect(log).toEqual(['allocate', 'copyIn', 'map']);
});

it('is taken from the GPU, then from the bus, then given back', () => {
  const buffer = new DmaBuffer(port, space, 4096, 'from-device');
  log.length = 0;
  buffer.detach();
  expect(log).toEqual(['invalidate', 'unmap']);
  expect(entry()).toEqual([0, 0]);
  buffer.free();
  expect(log).toEqual(['invalidate', 'unmap', 'free']);
});

it('holds nothing when RAM is short', () => {
  failing = 'allocate';
  expect(() => new DmaBuffer(port, space, 4096, 'both')).toThrow(
    'bell: no 4096 bytes of RAM are free. It is full.',
  );
  expect(log).toEqual(['allocate']);
});

it('holds nothing when GPU addresses or page tables are short', () => {
  expect(() => new DmaBuffer(port, space, 2 ** 31, 'both')).toThrow('pages of GPU addresses');
  expect(log).toEqual(['allocate', 'map', 'unmap', 'free']);
});
