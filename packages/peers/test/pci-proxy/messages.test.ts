import { expect, it } from 'vitest';
import {
  proxyBarAccess,
  proxyConfigAccess,
  proxyHeader,
  proxyReturn,
  proxySystemMemory,
} from '../../src/pci-proxy/messages.ts';

/* By hand from QEMU 7.2's include/hw/remote/mpqemu-link.h, as x86-64 lays it out. */
const bytes = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/ /g, ''), 'hex'));

it('has a header of 16 bytes: an int, a gap, a size_t', () => {
  const header = bytes('05000000 00000000 1800000000000000');
  expect(proxyHeader.decode(header)).toEqual({ command: 5, pad: 0, size: 24 });
  expect(proxyHeader.size).toBe(16);
});

it('has 12 bytes for an access of configuration space', () => {
  const access = bytes('10000000 ffffffff 04000000');
  expect(proxyConfigAccess.decode(access)).toEqual({ address: 16, value: 0xffffffff, bytes: 4 });
});

it('has 24 bytes for an access of a BAR, whose address is absolute', () => {
  const access = bytes('00100000e0000000 8877665544332211 08000000 01 000000');
  expect(proxyBarAccess.decode(access)).toEqual({
    address: 0xe0_0000_1000,
    value: bytes('8877665544332211'),
    bytes: 8,
    memory: 1,
    pad: new Uint8Array(3),
  });
  expect(proxyBarAccess.size).toBe(24);
});

it('has 192 bytes for the ranges of memory', () => {
  expect(proxySystemMemory.size).toBe(192);
});

it('returns a value of 8 bytes', () => {
  const header = { command: 1, pad: 0, size: 8 };
  expect(proxyReturn.encode({ header, value: bytes('c5b0000000000000') })).toEqual(
    bytes('01000000 00000000 0800000000000000 c5b0000000000000'),
  );
});
