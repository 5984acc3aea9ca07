import type { PciEndpoint } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { barAt, barShapes } from '../../src/pci-device/bars.ts';
import { SocketDevice, unwired } from '../../src/pci-device/socket-device.ts';

const display = (): SocketDevice =>
  new SocketDevice({ kind: 'bochs-display', width: 320, height: 240 }, unwired);
const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

it('finds the BARs that the sizing handshake tells, and leaves what they held', () => {
  const device = display();
  const sizes = device.bars.map((bar) => bar?.size);
  expect(sizes).toEqual([16 << 20, undefined, 4096, undefined, undefined, undefined]);
  expect(device.configRegister(0x10, 4)).toBe(8);
});

it('finds where an address is, wherever the BAR was moved', () => {
  const device = display();
  device.writeConfig(0x10, word(0xe0000000));
  expect(device.decode(0xe0001000, 4)).toEqual({ bar: 0, offset: 0x1000 });
  expect(device.decode(0xe0fffffc, 8)).toBeUndefined();
  device.writeConfig(0x10, word(0xc1000000));
  expect(device.decode(0xe0001000, 4)).toBeUndefined();
  expect(device.decode(0xc1000000, 1)).toEqual({ bar: 0, offset: 0 });
});

it('reads the address of a BAR of 64 bits from both of its registers', () => {
  const registers = new Uint32Array([0x8000000c, 0x12, 0, 0, 0, 0]);
  const endpoint: PciEndpoint = {
    configRead: (offset) => registers[(offset - 0x10) / 4],
    configWrite: (offset, _width, value) => {
      const mask = offset === 0x10 ? 0x80000000 : offset === 0x14 ? 0xffffffff : 0;
      const flags = offset === 0x10 ? 0xc : 0;
      registers[(offset - 0x10) / 4] = (value & mask) | flags;
    },
    barRead: () => 0,
    barWrite: () => {},
    barMemory: () => undefined,
  };
  const shapes = barShapes(endpoint);
  expect(shapes[0]).toEqual({ size: 2 ** 31, is64: true, prefetchable: true });
  expect(shapes[1]).toBeUndefined();
  expect(barAt(endpoint, shapes, 0x12_8000_0010, 4)).toEqual({ bar: 0, offset: 0x10 });
});
