import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bdf } from '../src/pci.ts';
import { byteEnablesOf, completionStatus, LOCAL_ROUTING, messageCodes } from '../src/tlp.ts';
import {
  decodeTlpHeader,
  encodeTlpHeader,
  tlpHeaderBytes,
  type TlpHeader,
} from '../src/tlp-header.ts';

const GPU = bdf(0, 2, 0);
const whole = { firstBe: 0xf, lastBe: 0xf };
const one = { length: 1, lastBe: 0 };

/** Every byte typed by hand from PCI Express Base 6.0 §2.2. */
const golden: readonly (readonly [string, TlpHeader, readonly number[]])[] = [
  [
    '2.2.7: a read of 512 bytes below 4 GiB',
    { type: 'MRd', requester: GPU, tag: 3, address: 0x10000040, length: 128, ...whole },
    [0x00, 0x00, 0x00, 0x80, 0x00, 0x10, 0x03, 0xff, 0x10, 0x00, 0x00, 0x40],
  ],
  [
    '2.2.7: a write of two bytes above 4 GiB, of four double words',
    { type: 'MWr', requester: 0, tag: 0, address: 0x10_0000_0004, ...one, firstBe: 3 },
    [0x60, 0, 0, 0x01, 0, 0, 0, 0x03, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x04],
  ],
  [
    '2.2.7: a read of 4096 bytes, whose length is coded as 0',
    { type: 'MRd', requester: GPU, tag: 31, address: 0x2000, length: 1024, ...whole },
    [0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x1f, 0xff, 0x00, 0x00, 0x20, 0x00],
  ],
  [
    '2.2.7: a configuration write of the command register',
    { type: 'CfgWr0', requester: 0, tag: 0, completer: GPU, register: 1, ...one, firstBe: 3 },
    [0x44, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x04],
  ],
  [
    '2.2.7: a configuration read at 0x100, through bridges',
    { type: 'CfgRd1', requester: 0, tag: 2, completer: 0x0200, register: 64, ...one, firstBe: 15 },
    [0x05, 0x00, 0x00, 0x01, 0x00, 0x00, 0x02, 0x0f, 0x02, 0x00, 0x01, 0x00],
  ],
  [
    '2.2.9: a completion with a double word',
    {
      ...{ type: 'CplD', completer: GPU, status: completionStatus.SC.code, byteCount: 4 },
      ...{ requester: 0, tag: 1, lowerAddress: 0x40, length: 1 },
    },
    [0x4a, 0x00, 0x00, 0x01, 0x00, 0x10, 0x00, 0x04, 0x00, 0x00, 0x01, 0x40],
  ],
  [
    '2.2.9: a completion that says Unsupported Request of 64 bytes',
    {
      ...{ type: 'Cpl', completer: 0, status: completionStatus.UR.code, byteCount: 64 },
      ...{ requester: GPU, tag: 5, lowerAddress: 0, length: 0 },
    },
    [0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x40, 0x00, 0x10, 0x05, 0x00],
  ],
  [
    '2.2.8.1: Assert_INTA, which ends at the receiver',
    {
      ...{ type: 'Msg', requester: GPU, tag: 0, routing: LOCAL_ROUTING },
      ...{ code: messageCodes.ASSERT_INTA, length: 0 },
    },
    [0x34, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x20, 0, 0, 0, 0, 0, 0, 0, 0],
  ],
];

describe('a header', () => {
  it.each(golden)('%s has these bytes', (_, header, bytes) => {
    expect([...encodeTlpHeader(header)]).toEqual(bytes);
    expect(decodeTlpHeader(Uint8Array.from(bytes))).toEqual(header);
    expect(tlpHeaderBytes(header)).toBe(bytes.length);
  });

  it('of a memory request is what was encoded, wherever it is and whatever it enables', () => {
    const word = { min: 0, max: 0xffff };
    fc.assert(
      fc.property(
        fc.constantFrom('MRd' as const, 'MWr' as const),
        fc.integer(word),
        fc.nat(255),
        fc.oneof(fc.nat(2 ** 32 - 1), fc.maxSafeNat()),
        fc.integer({ min: 1, max: 4093 }),
        (type, requester, tag, address, bytes) => {
          const at = address - (address % 4);
          const enables = byteEnablesOf(address, bytes);
          const header: TlpHeader = { type, requester, tag, address: at, ...enables };
          expect(decodeTlpHeader(encodeTlpHeader(header))).toEqual(header);
          expect(tlpHeaderBytes(header)).toBe(at < 2 ** 32 ? 12 : 16);
        },
      ),
    );
  });

  it('is refused when it is cut short or of no known type, and no bytes do harm', () => {
    expect(decodeTlpHeader(new Uint8Array(11))).toBeUndefined();
    expect(decodeTlpHeader(Uint8Array.from({ length: 12 }, () => 0x60))).toBeUndefined();
    expect(decodeTlpHeader(Uint8Array.of(0x1f, ...new Uint8Array(15)))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 20 }), (bytes) => {
        const header = decodeTlpHeader(bytes);
        return header === undefined || tlpHeaderBytes(header) <= bytes.length;
      }),
    );
  });
});

/**
 * Headers that real machines logged (Advanced Error Reporting), as other people published them:
 * the Linux kernel's Documentation/PCI/pcieaer-howto.rst; geerlingguy/raspberry-pi-pcie-devices
 * issue 600 (a SATA controller's MSI); minisforum-docs/MS-02-Ultra issue 10 (precision time
 * measurement); the mailing list linux-pci, 24 January 2026, "PCI/AER: Report fatal errors of
 * RCiEP and EP if link recoverd" (the kernel said bit 12 beside it: a poisoned packet).
 */
const logged: readonly (readonly [string, string, Partial<TlpHeader>])[] = [
  [
    "the kernel's example: a configuration read of 05:00.1 by 00:04.0",
    '04000001 00200a03 05010000 00050100',
    {
      ...{ type: 'CfgRd0', requester: bdf(0, 4, 0), tag: 0x0a, completer: bdf(5, 0, 1) },
      ...{ register: 0, length: 1, firstBe: 3, lastBe: 0 },
    },
  ],
  [
    "an ASM1064's interrupt on a Raspberry Pi 5: a write of one double word above 4 GiB",
    '60000001 0100000f 000000ff ffffe000',
    {
      ...{ type: 'MWr', requester: bdf(1, 0, 0), address: 0xff_ffff_e000 },
      ...{ length: 1, firstBe: 15, lastBe: 0 },
    },
  ],
  [
    "a Thunderbolt controller's request for the time",
    '34000000 00000052 00000000 00000000',
    { type: 'Msg', routing: LOCAL_ROUTING, code: messageCodes.PTM_REQUEST, requester: 0 },
  ],
  [
    'the poisoned completion that an NVMe drive was sent, of 64 bytes',
    '4a004010 00000040 01000000 ffffffff',
    {
      ...{ type: 'CplD', poisoned: 1, length: 16, completer: 0, status: 0, byteCount: 64 },
      ...{ requester: bdf(1, 0, 0), tag: 0, lowerAddress: 0 },
    },
  ],
];

it.each(logged)('a header that a real machine logged is read: %s', (_, words, expected) => {
  const bytes = Uint8Array.from(words.replaceAll(' ', '').match(/../g)!, (hex) =>
    parseInt(hex, 16),
  );
  const header = decodeTlpHeader(bytes);
  expect(header).toMatchObject(expected);
  const again = encodeTlpHeader(header!);
  expect(again).toEqual(bytes.subarray(0, again.length));
});
