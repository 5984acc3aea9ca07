import { expect, test } from 'vitest';
import { formatConfigSpace } from '../../src/text/config-dump.ts';

/** A function with the given bytes at the given offsets, zeros elsewhere. */
function space(parts: Readonly<Record<number, readonly number[]>>): Uint8Array {
  const bytes = new Uint8Array(4096);
  for (const [offset, values] of Object.entries(parts)) {
    bytes.set(values, Number(offset));
  }
  return bytes;
}

// Vendor 1234h, device be11h, command 0006h, status 0010h, revision 1, class 038000h.
const header = [0x34, 0x12, 0x11, 0xbe, 0x06, 0x00, 0x10, 0x00, 0x01, 0x00, 0x80, 0x03];

test('prints 256 bytes of a function without extended capabilities', () => {
  const lines = formatConfigSpace('00:02.0', space({ 0: header, 0xfc: [0xde, 0xad] })).split('\n');
  expect(lines).toHaveLength(17);
  expect(lines[0]).toBe('00:02.0 Display controller [0380]: Device [1234:be11] (rev 01)');
  expect(lines[1]).toBe('00: 34 12 11 be 06 00 10 00 01 00 80 03 00 00 00 00');
  expect(lines[2]).toBe('10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00');
  expect(lines[16]).toBe('f0: 00 00 00 00 00 00 00 00 00 00 00 00 de ad 00 00');
});

test('takes all ones where extended space begins for the absence of it', () => {
  const bytes = space({ 0: header }).fill(0xff, 256);
  expect(formatConfigSpace('00:02.0', bytes).split('\n')).toHaveLength(17);
});

test('prints 4,096 bytes once there is an extended capability', () => {
  const bytes = space({ 0: header, 0x100: [0x03, 0x00, 0x01, 0x00], 0xfff: [0x5a] });
  const lines = formatConfigSpace('00:02.0', bytes).split('\n');
  expect(lines).toHaveLength(257);
  expect(lines[17]).toBe('100: 03 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00');
  expect(lines[256]).toBe('ff0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 5a');
});

test('names a class that it does not know by its number, and no revision 0', () => {
  const bytes = space({ 0: [0x86, 0x80, 0x01, 0x00], 0x0a: [0x00, 0x02] });
  expect(formatConfigSpace('00:1f.6', bytes)).toMatch(
    /^00:1f\.6 Class \[0200\]: Device \[8086:0001\]\n/,
  );
});
