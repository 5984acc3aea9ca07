import fc from 'fast-check';
import { pack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { decode, encodeRequest, encodeResponse, openReadResponse } from '../src/codec.ts';
import { MAX_CONTROL_BYTES, MAX_DMA_BYTES, MAX_MESSAGE_BYTES } from '../src/limits.ts';
import { messages } from '../src/messages.ts';
import { WireError } from '../src/wire-error.ts';

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replaceAll(' ', '').match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

const ranges = {
  count: 2,
  addresses: Float64Array.of(0x1_2345_6000, 0x9002),
  lengths: Uint32Array.of(2, 1),
  data: Uint8Array.of(0xaa, 0xbb, 0xcc),
};

/** Of each kind of message one. */
const examples = [
  encodeRequest('DEVICE_INFO', 1, {}),
  encodeResponse('DEVICE_INFO', 1, { revision: 1, deviceId: 16, queues: 2 }),
  encodeResponse('GET_DEVICE_FEATURES', 2, { features: 0x8000_0000_ffff_ffffn }),
  encodeRequest('SET_CONFIG', 3, { offset: 4, config: Uint8Array.of(1, 2) }),
  encodeRequest('SET_VQUEUE', 4, {
    queue: 1,
    size: 256,
    descriptors: 2 ** 40,
    driver: 4096,
    device: 8192,
  }),
  encodeRequest('EVENT_CONFIG', 0, { status: 64, generation: 7, reason: 'ä loop' }),
  encodeRequest('EVENT_AVAIL', 0, { queue: 1, ranges }),
  encodeRequest('MAP', 0, { iova: 2 ** 50, bytes: 4096, access: 3, coherent: 1 }),
  encodeRequest('READ', 9, { iova: 2 ** 40 + 5, bytes: 100 }),
  encodeResponse('READ', 9, { refused: 0, data: Uint8Array.of(1, 2, 3) }),
  encodeRequest('WRITE', 10, { iova: 77, data: Uint8Array.of(4) }),
  encodeRequest('FRAME', 0, { width: 1, height: 2, stride: 4, data: new Uint8Array(8).fill(9) }),
  encodeResponse('STATS', 5, { counts: { frames: 3, 'a b': 2 ** 40 } }),
  encodeRequest('ERROR', 0, { code: 1, reason: 'No.' }),
];

describe('bytes, written by hand', () => {
  it('has the header of docs/reference/wire.md and a msgpack array', () => {
    expect(encodeRequest('GET_CONFIG', 0x01020304, { offset: 8, bytes: 300 })).toEqual(
      hex('00 05 0100 04030201 15000000 00000000 92 08 cd 012c'),
    );
  });

  it('marks an answer', () => {
    expect(encodeResponse('GET_DEVICE_STATUS', 5, { status: 0x0f })).toEqual(
      hex('01 07 0100 05000000 12000000 00000000 91 0f'),
    );
  });

  it('has ranges as addresses, lengths and bytes', () => {
    expect(encodeRequest('EVENT_USED', 0, { queue: 1, ranges })).toEqual(
      hex(
        '00 42 0100 00000000 33000000 00000000 01000000 02000000' +
          '00604523 01000000 02000000  02900000 00000000 01000000  aabbcc',
      ),
    );
  });

  it('has addresses in 8 bytes before bulk data', () => {
    expect(encodeRequest('WRITE', 2, { iova: 0x3_0000_0001, data: Uint8Array.of(0xee) })).toEqual(
      hex('00 83 0100 02000000 19000000 00000000 01000000 03000000 ee'),
    );
  });
});

describe('round trips', () => {
  it.each([
    [
      'features',
      encodeRequest('SET_DRIVER_FEATURES', 1, { features: 2n ** 64n - 1n }),
      { features: 2n ** 64n - 1n },
    ],
    ['bytes, and no Buffer', examples[3], { offset: 4, config: Uint8Array.of(1, 2) }],
    ['text', examples[5], { status: 64, generation: 7, reason: 'ä loop' }],
    ['ranges', examples[6], { queue: 1, ranges }],
    ['large addresses', examples[7], { iova: 2 ** 50, bytes: 4096, access: 3, coherent: 1 }],
    ['counts', examples[12], { counts: { frames: 3, 'a b': 2 ** 40 } }],
  ])('keep %s', (_, message, fields) => {
    const decoded = decode(message);
    expect(decoded.fields).toEqual(fields);
    for (const value of Object.values(decoded.fields)) {
      expect(Buffer.isBuffer(value)).toBe(false);
    }
  });

  it('keep name, token and direction', () => {
    expect(decode(examples[9])).toEqual({
      name: 'READ',
      response: true,
      token: 9,
      fields: { refused: 0, data: Uint8Array.of(1, 2, 3) },
    });
  });

  it('fill an answer to READ in place', () => {
    const { message, data } = openReadResponse(9, 3);
    data.set([1, 2, 3]);
    expect(message).toEqual(examples[9]);
  });

  it('keep a message that lies within a larger buffer', () => {
    const larger = new Uint8Array(200).fill(0xff);
    larger.set(examples[6], 13);
    expect(decode(larger.subarray(13, 13 + examples[6].length))).toEqual(decode(examples[6]));
  });
});

/** The message with another msgpack payload. */
function withPayload(name: keyof typeof messages, payload: Uint8Array): Uint8Array {
  const message = new Uint8Array(16 + payload.length);
  message.set([0, messages[name].id, 1]);
  new DataView(message.buffer).setUint32(8, message.length, true);
  message.set(payload, 16);
  return message;
}

function resized(message: Uint8Array, size: number): Uint8Array {
  const other = new Uint8Array(size);
  other.set(message.subarray(0, size));
  new DataView(other.buffer).setUint32(8, size, true);
  return other;
}

describe('what is malformed', () => {
  it.each([
    ['nothing', new Uint8Array(0), /A message of 0 bytes/],
    ['half a header', examples[0].subarray(0, 9), /A message of 9 bytes/],
    ['a length that is not its own', Uint8Array.of(...examples[0], 0), /of 18 bytes says 17/],
    ['another version', examples[0].with(2, 2), /Protocol version 2: this end has 1/],
    ['an unknown id', examples[0].with(1, 0xee), /no message 0xee/],
    ['an answer to an event', examples[7].with(0, 1), /MAP has no type 1/],
    ['an unknown type', examples[0].with(0, 2), /DEVICE_INFO has no type 2/],
    ['a reserved word', examples[0].with(12, 1), /A message of 17 bytes/],
    [
      'more than a control message',
      resized(examples[3], MAX_CONTROL_BYTES + 1),
      /SET_CONFIG has 65537/,
    ],
    ['no msgpack', withPayload('STATS', Uint8Array.of(0xc1)), /not plain msgpack/],
    ['bytes after msgpack', withPayload('STATS', Uint8Array.of(0x90, 0)), /not plain msgpack/],
    ['a truncated array', withPayload('GET_VQUEUE', Uint8Array.of(0x91)), /not plain msgpack/],
    ['an array of 2^32 - 1', withPayload('STATS', hex('dd ffffffff')), /not plain msgpack/],
    ['a string of 2^31', withPayload('STATS', hex('91 db 80000000')), /not plain msgpack/],
    ['an extension', withPayload('STATS', pack([new Date(0)])), /not plain msgpack/],
    ['a record', withPayload('STATS', hex('91 d4 72 40 91 a161 01')), /not plain msgpack/],
    ['an extension of no bytes', withPayload('STATS', hex('92 c8 0000 01')), /not plain msgpack/],
    [
      'nested arrays that all end',
      withPayload('STATS', new Uint8Array(60000).fill(0x91).with(59999, 0x90)),
      /not plain msgpack/,
    ],
    ['nested arrays', withPayload('STATS', new Uint8Array(60000).fill(0x91)), /not plain msgpack/],
    ['a map', withPayload('STATS', pack({ a: 1 })), /not an array/],
    ['a field too many', withPayload('STATS', pack([1])), /1 fields in place of 0/],
    ['a text for a number', withPayload('GET_VQUEUE', pack(['1'])), /queue is not u32/],
    ['a fraction', withPayload('GET_VQUEUE', pack([1.5])), /queue is not u32/],
    ['a negative number', withPayload('GET_VQUEUE', pack([-1])), /queue is not u32/],
    [
      'a number too large',
      withPayload('GET_VQUEUE', pack([65536])),
      /queue is not u32 up to 65535/,
    ],
    ['an address of 2^52', withPayload('UNMAP', pack([2 ** 52, 1])), /iova is not address/],
    [
      'too many bytes',
      withPayload('SET_CONFIG', pack([0, new Uint8Array(4097)])),
      /config is not bytes/,
    ],
    ['features of one word', withPayload('SET_DRIVER_FEATURES', pack([[1]])), /features is not/],
    ['a bulk field that is missing', resized(examples[8], 20), /READ: iova is missing/],
    ['bytes after a bulk message', resized(examples[8], 29), /READ has 1 bytes after its end/],
    [
      'a READ too large',
      encodeRequest('READ', 1, { iova: 0, bytes: MAX_DMA_BYTES + 1 }),
      /READ: bytes is not/,
    ],
    [
      'ranges without their bytes',
      resized(examples[6], examples[6].length - 1),
      /Ranges of 3 bytes carry 2/,
    ],
    ['ranges without their list', resized(examples[6], 30), /list of ranges does not fit/],
    [
      '2^32 - 1 ranges',
      examples[6].with(20, 255).with(21, 255).with(22, 255).with(23, 255),
      /does not fit/,
    ],
    [
      'a frame with too few bytes',
      resized(examples[11], examples[11].length - 1),
      /A frame of 1 x 2/,
    ],
    [
      'a frame of nothing',
      encodeRequest('FRAME', 0, { width: 0, height: 0, stride: 0, data: new Uint8Array(0) }),
      /A frame of 0 x 0/,
    ],
    [
      'rows that overlap',
      encodeRequest('FRAME', 0, { width: 2, height: 1, stride: 4, data: new Uint8Array(4) }),
      /A frame of 2 x 1/,
    ],
  ])('%s is a WireError that says so', (_, message, reason) => {
    expect(() => decode(message)).toThrow(WireError);
    expect(() => decode(message)).toThrow(reason);
  });

  it.each([
    ['an empty range', 4096, 0],
    ['a range past 2^52', 2 ** 52 - 1, 2],
    ['a range at 2^63', 2 ** 63, 1],
  ])('%s is refused', (_, address, length) => {
    const wrong = {
      count: 1,
      addresses: Float64Array.of(address),
      lengths: Uint32Array.of(length),
      data: new Uint8Array(length),
    };
    expect(() => decode(encodeRequest('SYNC', 0, { ranges: wrong }))).toThrow(/is not one/);
  });

  it('is refused above the largest message, by either end', () => {
    const data = new Uint8Array(MAX_MESSAGE_BYTES);
    expect(() => encodeRequest('WRITE', 1, { iova: 0, data })).toThrow(WireError);
    expect(() => decode(new Uint8Array(MAX_MESSAGE_BYTES + 1))).toThrow(WireError);
  });
});

/** Whether a message is read, or refused as it should be; anything else is thrown on. */
function survives(message: Uint8Array): boolean {
  try {
    decode(message);
  } catch (error) {
    if (!(error instanceof WireError)) {
      throw error;
    }
  }
  return true;
}

describe('any bytes', () => {
  const payload = fc.uint8Array({ maxLength: 64 });

  it('are a message or a WireError', () => {
    const names = fc.constantFrom(...(Object.keys(messages) as (keyof typeof messages)[]));
    const framed = fc
      .tuple(names, payload, fc.constantFrom(0, 1))
      .map(([name, bytes, type]) => withPayload(name, bytes).with(0, type));
    fc.assert(fc.property(framed, survives), { numRuns: 10_000 });
  });

  it('in place of some of a message are one or the other', () => {
    const change = fc.tuple(fc.nat(60), fc.nat(255));
    const changed = fc
      .tuple(fc.constantFrom(...examples), fc.array(change, { minLength: 1, maxLength: 4 }))
      .map(([message, changes]) => {
        const copy = message.slice();
        changes.forEach(([at, value]) => (copy[at % copy.length] = value));
        return copy;
      });
    fc.assert(fc.property(changed, survives), { numRuns: 10_000 });
  });

  it('cut a message anywhere are one or the other', () => {
    for (const message of examples) {
      for (let size = 0; size < message.length; size++) {
        expect(
          survives(message.subarray(0, size)) && survives(resized(message, Math.max(12, size))),
        ).toBe(true);
      }
    }
  });
});

describe('memory that was used before', () => {
  const used = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(0xaa);

  it('leaves nothing of what was in it in a message', () => {
    const fields = { iova: 2 ** 40, data: Uint8Array.of(1, 2, 3) };
    expect(encodeRequest('WRITE', 1, fields, used)).toEqual(encodeRequest('WRITE', 1, fields));
    const answer = { status: 3 };
    expect(encodeResponse('GET_DEVICE_STATUS', 5, answer, used)).toEqual(
      encodeResponse('GET_DEVICE_STATUS', 5, answer),
    );
    expect(encodeRequest('EVENT_USED', 0, { queue: 1, ranges }, used)).toEqual(
      encodeRequest('EVENT_USED', 0, { queue: 1, ranges }),
    );
    const { message, data } = openReadResponse(9, 3, used);
    data.fill(0);
    expect(message).toEqual(openReadResponse(9, 3).message);
  });
});
