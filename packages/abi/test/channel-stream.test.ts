import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CHANNEL_CAPSET,
  CHANNEL_CAPSET_VERSION,
  channelCapset,
  type ChannelRecord,
  type ChannelRecordName,
  channelRecords,
  channelReport,
  decodeRecords,
  DOORBELL_BLOB,
  encodeRecord,
} from '../src/channel-stream.ts';
import { BadCommand } from '../src/command-stream.ts';

function joined(...parts: readonly Uint32Array[]): Uint32Array {
  return Uint32Array.from(parts.flatMap((part) => [...part]));
}

const hexWords = (text: string): Uint32Array =>
  Uint32Array.from(text.split(' '), (word) => parseInt(word, 16));

const golden: readonly (readonly [ChannelRecord, string])[] = [
  [{ name: 'ALLOCATE', fields: { va: 0x1000, pages: 7 } }, '00030001 00001000 00000007'],
  [
    { name: 'MAP', fields: { va: 0x2000, pages: 2, address: 0x0001_2345_6000, writable: 1 } },
    '00060002 00002000 00000002 23456000 00000001 00000001',
  ],
  [{ name: 'UNMAP', fields: { va: 0x3fffe000 } }, '00020003 3fffe000'],
  [
    {
      name: 'START',
      fields: { ring: 0x1000, ring_bytes: 4096, fence: 0x2004, report: 0xf_ffff_fff8, vector: 3 },
    },
    '00070004 00001000 00001000 00002004 fffffff8 0000000f 00000003',
  ],
  [{ name: 'STOP', fields: {} }, '00010005'],
];

describe('records', () => {
  it('have each a case here', () => {
    expect(golden.map(([{ name }]) => name)).toEqual(Object.keys(channelRecords));
  });

  it.each(golden)('%j has its golden words', ({ name, fields }, text) => {
    expect(encodeRecord(name, fields as never)).toEqual(hexWords(text));
    expect(decodeRecords(hexWords(text))).toEqual([{ name, fields }]);
  });

  it('follow one another in a stream', () => {
    const stream = joined(...golden.map(([, text]) => hexWords(text)));
    expect(decodeRecords(stream)).toEqual(golden.map(([record]) => record));
    expect(decodeRecords(new Uint32Array())).toEqual([]);
  });

  it('come back from any stream of them', () => {
    const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const address = fc.integer({ min: 0, max: 2 ** 52 - 1 });
    const record = fc
      .constantFrom(...(Object.keys(channelRecords) as ChannelRecordName[]))
      .chain((name) =>
        fc.record({
          name: fc.constant(name),
          fields: fc.record(
            Object.fromEntries(
              Object.entries(channelRecords[name].fields).map(([field, { words }]) => [
                field,
                words === 2 ? address : u32,
              ]),
            ),
          ),
        }),
      );
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), (records) => {
        const words = records.map(({ name, fields }) => encodeRecord(name, fields as never));
        expect(decodeRecords(joined(...words))).toEqual(records);
      }),
    );
  });

  it.each([
    ['an unknown opcode', '00010006'],
    ['a length of no words', '00000005'],
    ['a wrong length', '00020005 00000000'],
    ['an early end', '00030001 00001000'],
    ['an address of 53 bits', '00060002 00002000 00000002 00000000 00100000 00000001'],
  ])('are refused with %s', (_, text) => {
    expect(() => decodeRecords(hexWords(text))).toThrow(BadCommand);
  });

  it('of any words are records or refused', () => {
    fc.assert(
      fc.property(fc.uint32Array({ maxLength: 12 }), (words) => {
        try {
          expect(decodeRecords(words).length).toBeLessThanOrEqual(words.length);
        } catch (error) {
          expect(error).toBeInstanceOf(BadCommand);
        }
      }),
    );
  });
});

describe('the capset bell-channel', () => {
  it('has an id that Linux takes, and 56 bytes', () => {
    const commands = new Uint8Array(32);
    commands[2] = 0x07;
    const value = {
      ...{ version: 1, max_image_size: 4096, max_buffer_bytes: 0x1_0000_0002n, commands },
      ...{ first_vector: 3, vectors: 8 },
    };
    const bytes = new Uint8Array(56);
    bytes.set([1, 0, 0, 0, 0, 0x10, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0]);
    bytes.set([0x07], 18);
    bytes.set([3, 0, 0, 0, 8, 0, 0, 0], 48);
    expect(channelCapset.encode(value)).toEqual(bytes);
    expect(channelCapset.decode(bytes)).toEqual(value);
    expect([CHANNEL_CAPSET, CHANNEL_CAPSET_VERSION, DOORBELL_BLOB]).toEqual([49, 1, 0]);
  });

  it('has a report of four words', () => {
    const report = { stopped: 1, fault: 0x1101, address: 0x5000, packet: 0x1004 };
    expect(channelReport.encode(report)).toEqual(
      Uint8Array.of(1, 0, 0, 0, 0x01, 0x11, 0, 0, 0, 0x50, 0, 0, 0x04, 0x10, 0, 0),
    );
  });
});
