import type { IrqMessage, PciDevice } from '@doorbell/abi';
import { beforeEach, expect, it } from 'vitest';
import { Msix } from '../src/msix.ts';
import { MemoryWindow } from './memory-window.ts';

const CAPABILITY = 0x70;
const CONTROL = CAPABILITY + 2;
const TABLE = 0x800;
let config: MemoryWindow;
let bar: MemoryWindow;
let handlers: Map<number, () => void>;
let device: PciDevice;

beforeEach(() => {
  config = new MemoryWindow(4096);
  config.bytes[0x06] = 0x10;
  config.bytes[0x34] = CAPABILITY;
  config.bytes[CAPABILITY] = 0x11;
  config.setWord(CAPABILITY + 4, TABLE | 4); // in BAR4
  setVectors(3);
  bar = new MemoryWindow(0x1000);
  bar.setWord(TABLE + 0x1c, 1); // entry 1 is masked, as reset has it
  handlers = new Map();
  device = {
    config,
    mapBar: (index: number) => {
      expect(index).toBe(4);
      return bar;
    },
    irq: {
      request: (handler: () => void): IrqMessage => {
        handlers.set(0x77, handler);
        return { address: 0x1_fee0_1000, data: 0x77 };
      },
      release: ({ data }: IrqMessage) => handlers.delete(data),
    },
  } as unknown as PciDevice;
});

function setVectors(count: number): void {
  config.bytes[CONTROL] = count - 1;
}

it('finds the table and its size, and changes nothing', () => {
  expect(new Msix(device).vectors).toBe(3);
  expect(config.log.concat(bar.log).filter((line) => line.startsWith('write'))).toEqual([]);
});

it('turns MSI-X on with no function mask, and off again', () => {
  config.bytes[CONTROL + 1] = 0x40; // someone left the function masked
  const off = new Msix(device).enable();
  expect(config.bytes[CONTROL + 1]).toBe(0x80);
  off();
  expect(config.bytes[CONTROL + 1]).toBe(0);
});

it('6.1.4.2: programs an entry while it is masked', () => {
  new Msix(device).route(1, () => {});
  expect(bar.log).toEqual([
    'write32 0x81c = 0x1',
    'write32 0x810 = 0xfee01000',
    'write32 0x814 = 0x1',
    'write32 0x818 = 0x77',
    'write32 0x81c = 0x0',
  ]);
});

it('leaves the entry masked and empty, and releases the message', () => {
  const off = new Msix(device).route(1, () => {});
  expect(handlers.size).toBe(1);
  off();
  expect(handlers.size).toBe(0);
  expect([0x810, 0x814, 0x818, 0x81c].map((at) => bar.word(at))).toEqual([0, 0, 0, 1]);
});

it('masks the entry before anything else when it is given back', () => {
  const off = new Msix(device).route(1, () => {});
  bar.log.length = 0;
  off();
  expect(bar.log[0]).toBe('write32 0x81c = 0x1');
});

it('refuses a vector that the function lacks, and a table that its BAR does not hold', () => {
  const msix = new Msix(device);
  expect(() => msix.route(3, () => {})).toThrow('3 vectors, and none is 3');
  setVectors(0x81);
  expect(() => new Msix(device)).toThrow('beyond its BAR');
});
