import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  availRing,
  AVAIL_NO_INTERRUPT,
  Chain,
  descFlags,
  eventFlags,
  eventSuppress,
  MAX_QUEUE_SIZE,
  needEvent,
  packedDesc,
  queueAlignment,
  queueBytes,
  splitDesc,
  usedElem,
  usedRing,
  USED_NO_NOTIFY,
} from '../src/virtqueue.ts';

describe('layouts', () => {
  it('2.7.5: a split descriptor is addr, len, flags, next', () => {
    const golden = Uint8Array.of(
      ...[0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01],
      ...[0x14, 0x13, 0x12, 0x11, 0x22, 0x21, 0x32, 0x31],
    );
    const value = { addr: 0x0102030405060708n, len: 0x11121314, flags: 0x2122, next: 0x3132 };
    expect(splitDesc.encode(value)).toEqual(golden);
    expect(splitDesc.decode(golden)).toEqual(value);
  });

  it('2.8.13: a packed descriptor is addr, len, id, flags', () => {
    const golden = Uint8Array.of(
      ...[0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01],
      ...[0x14, 0x13, 0x12, 0x11, 0x22, 0x21, 0x32, 0x31],
    );
    const value = { addr: 0x0102030405060708n, len: 0x11121314, id: 0x2122, flags: 0x3132 };
    expect(packedDesc.encode(value)).toEqual(golden);
    expect(packedDesc.decode(golden)).toEqual(value);
  });

  it('2.7.8: a used element is id, len, of 32 bits each', () => {
    const golden = Uint8Array.of(0x04, 0x03, 0x02, 0x01, 0x14, 0x13, 0x12, 0x11);
    expect(usedElem.encode({ id: 0x01020304, len: 0x11121314 })).toEqual(golden);
    expect(usedElem.decode(golden)).toEqual({ id: 0x01020304, len: 0x11121314 });
  });

  it('2.8.14: event suppression is offset and wrap counter, then flags', () => {
    const golden = Uint8Array.of(0x02, 0x81, 0x02, 0x00);
    expect(eventSuppress.encode({ desc: 0x8102, flags: 2 })).toEqual(golden);
    expect(eventSuppress.decode(golden)).toEqual({ desc: 0x8102, flags: 2 });
  });

  it('2.7.5 and 2.8.1: flags have these bits', () => {
    expect(descFlags).toEqual({ NEXT: 1, WRITE: 2, INDIRECT: 4, AVAIL: 0x80, USED: 0x8000 });
    expect([AVAIL_NO_INTERRUPT, USED_NO_NOTIFY]).toEqual([1, 1]);
    expect(eventFlags).toEqual({ ENABLE: 0, DISABLE: 1, DESC: 2 });
  });

  it('2.7.6 and 2.7.8: the rings of a queue of 16 have this in these places', () => {
    expect([availRing.FLAGS, availRing.IDX, availRing.RING, availRing.ENTRY_BYTES]).toEqual([
      ...[0, 2, 4, 2],
    ]);
    expect([usedRing.FLAGS, usedRing.IDX, usedRing.RING, usedRing.ENTRY_BYTES]).toEqual([
      ...[0, 2, 4, 8],
    ]);
    expect([availRing.usedEvent(16), usedRing.availEvent(16)]).toEqual([36, 132]);
    expect([availRing.bytes(16), usedRing.bytes(16)]).toEqual([38, 134]);
  });

  it('2.7 and 2.8: the parts of a queue have these sizes and alignments', () => {
    expect(queueBytes(false, 16)).toEqual({ descriptors: 256, driver: 38, device: 134 });
    expect(queueBytes(true, 5)).toEqual({ descriptors: 80, driver: 4, device: 4 });
    expect(queueAlignment).toEqual({
      split: { descriptors: 16, driver: 2, device: 4 },
      packed: { descriptors: 16, driver: 4, device: 4 },
    });
    expect(MAX_QUEUE_SIZE).toBe(0x8000);
  });
});

describe('needEvent', () => {
  it.each([
    ['before the event', 5, 5, 4, false],
    ['onto it', 5, 6, 5, true],
    ['past it', 5, 9, 5, true],
    ['on from behind it', 5, 9, 6, false],
    ['nowhere', 5, 5, 5, false],
    ['over the end of 16 bits, past it', 0xffff, 1, 0xfffe, true],
    ['over the end of 16 bits, onto it', 0xffff, 0, 0xffff, true],
    ['over the end of 16 bits, before it', 1, 1, 0xfffe, false],
    ['to the end of 16 bits', 0, 0xffff, 0xfffd, false],
    ['once round but for one', 3, 2, 3, true],
  ])('2.7.10: going %s', (_name, event, idx, old, expected) => {
    expect(needEvent(event, idx, old)).toBe(expected);
  });

  it('2.7.7.2: is true exactly when one of the entries made is the one asked for', () => {
    const index = fc.nat(0xffff);
    fc.assert(
      fc.property(index, index, fc.nat(300), (event, old, made) => {
        const entries = Array.from({ length: made }, (_, at) => (old + at) & 0xffff);
        expect(needEvent(event, (old + made) & 0xffff, old)).toBe(entries.includes(event));
      }),
    );
    fc.assert(
      fc.property(fc.nat(40), index, fc.nat(40), (ahead, old, made) => {
        const event = (old + ahead) & 0xffff;
        expect(needEvent(event, (old + made) & 0xffff, old)).toBe(ahead < made);
      }),
    );
  });
});

describe('a chain', () => {
  it('2.7.4.2: counts the buffers that the device reads, which come first', () => {
    const chain = new Chain(3);
    chain.push(2 ** 40, 0xffffffff, false);
    chain.push(8, 16, false);
    chain.push(24, 32, true);
    expect([chain.count, chain.readable]).toEqual([3, 2]);
    expect([...chain.addresses]).toEqual([2 ** 40, 8, 24]);
    expect([...chain.lengths]).toEqual([0xffffffff, 16, 32]);
    chain.clear();
    expect([chain.count, chain.readable]).toEqual([0, 0]);
  });
});
