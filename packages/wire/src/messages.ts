/**
 * The messages: one row each, from which coding, checking and docs/reference/wire.md derive. Ids
 * below 0x80 are the virtio-msg draft's (`VIRTIO_MSG_REVISION`); the others are ours.
 */
import { address, bytes, counts, data, features, ranges, text, u32, type Fields } from './field.ts';
import { MAX_DMA_BYTES } from './limits.ts';

export type Side = 'driver' | 'device';

export interface MessageRow {
  readonly id: number;
  /** Whose request it is: the other side answers, if there is an answer. */
  readonly from: Side | 'either';
  /** control: an array in msgpack. bulk: fields of a fixed size, then bytes. */
  readonly payload: 'control' | 'bulk';
  readonly doc: string;
  readonly request: Fields;
  /** null: an event, which has no answer. */
  readonly response: Fields | null;
}

const none = {};
const queue = u32('Number of the queue.', 65535);

const device = {
  DEVICE_INFO: {
    id: 0x02,
    from: 'driver',
    payload: 'control',
    doc: 'Asks what device is there; the first message of a connection.',
    request: none,
    response: {
      revision: u32('Revision of the virtio-msg draft that the device follows.'),
      deviceId: u32('Kind of device (VIRTIO 1.3 §5).'),
      queues: u32('Number of queues.', 65536),
    },
  },
  GET_DEVICE_FEATURES: {
    id: 0x03,
    from: 'driver',
    payload: 'control',
    doc: 'Asks what the device offers.',
    request: none,
    response: { features: features('Features that the device offers.') },
  },
  SET_DRIVER_FEATURES: {
    id: 0x04,
    from: 'driver',
    payload: 'control',
    doc: 'Says what the driver accepts, before FEATURES_OK.',
    request: { features: features('Features that the driver accepts.') },
    response: none,
  },
  GET_CONFIG: {
    id: 0x05,
    from: 'driver',
    payload: 'control',
    doc: "Reads the device's configuration.",
    request: {
      offset: u32('First byte.', 65535),
      bytes: u32('Number of bytes.', 4096),
    },
    response: {
      generation: u32('Changes whenever the configuration does.'),
      config: bytes('The bytes, of one generation.'),
    },
  },
  SET_CONFIG: {
    id: 0x06,
    from: 'driver',
    payload: 'control',
    doc: "Writes the device's configuration.",
    request: {
      offset: u32('First byte.', 65535),
      config: bytes('The bytes.'),
    },
    response: none,
  },
  GET_DEVICE_STATUS: {
    id: 0x07,
    from: 'driver',
    payload: 'control',
    doc: 'Reads the device status.',
    request: none,
    response: { status: u32('Device status (VIRTIO 1.3 §2.1).', 255) },
  },
  SET_DEVICE_STATUS: {
    id: 0x08,
    from: 'driver',
    payload: 'control',
    doc: 'Writes the device status; 0 resets.',
    request: { status: u32('The status to write.', 255) },
    response: { status: u32('The status as it is then.', 255) },
  },
  GET_VQUEUE: {
    id: 0x09,
    from: 'driver',
    payload: 'control',
    doc: 'Asks about a queue.',
    request: { queue },
    response: { maxSize: u32('Its largest size; 0: there is no such queue.', 32768) },
  },
  SET_VQUEUE: {
    id: 0x0a,
    from: 'driver',
    payload: 'control',
    doc: 'Places a queue and enables it.',
    request: {
      queue,
      size: u32('Entries.', 32768),
      descriptors: address('IOVA of the descriptor area.'),
      driver: address('IOVA of the driver area.'),
      device: address('IOVA of the device area.'),
    },
    response: none,
  },
  RESET_VQUEUE: {
    id: 0x0b,
    from: 'driver',
    payload: 'control',
    doc: 'Resets a queue (VIRTIO 1.3 §2.6.1).',
    request: { queue },
    response: none,
  },
  EVENT_CONFIG: {
    id: 0x40,
    from: 'device',
    payload: 'control',
    doc: 'The configuration or DEVICE_NEEDS_RESET has changed.',
    request: {
      status: u32('The device status.', 255),
      generation: u32('Generation of the configuration.'),
      reason: text('Why the device needs a reset; empty when it does not.'),
    },
    response: null,
  },
  EVENT_AVAIL: {
    id: 0x41,
    from: 'driver',
    payload: 'bulk',
    doc: 'The driver has published an index of a queue: all that it changed in coherent memory since it last said so.',
    request: { queue, ranges: ranges('What was changed.') },
    response: null,
  },
  EVENT_USED: {
    id: 0x42,
    from: 'device',
    payload: 'bulk',
    doc: 'The device has published an index of a queue: all that it changed in coherent memory since it last said so.',
    request: { queue, ranges: ranges('What was changed.') },
    response: null,
  },
} as const satisfies Record<string, MessageRow>;

const memory = {
  MAP: {
    id: 0x80,
    from: 'driver',
    payload: 'control',
    doc: 'Lets the device reach memory: it asks for no byte beyond what is mapped.',
    request: {
      iova: address('First byte, as the device reaches it.'),
      bytes: address('Number of bytes.'),
      access: u32('Bit 0: the device may read; bit 1: it may write.', 3),
      coherent: u32(
        '1: both sides keep the bytes; they are zero at first. 0: by READ and WRITE.',
        1,
      ),
    },
    response: null,
  },
  UNMAP: {
    id: 0x81,
    from: 'driver',
    payload: 'control',
    doc: 'Takes the reach away again, with what MAP had: once it is answered, the device asks for none of it.',
    request: {
      iova: address('First byte, as the device reaches it.'),
      bytes: address('Number of bytes.'),
    },
    response: none,
  },
  READ: {
    id: 0x82,
    from: 'device',
    payload: 'bulk',
    doc: "Reads the driver's memory.",
    request: {
      iova: address('First byte.'),
      bytes: u32('Number of bytes.', MAX_DMA_BYTES),
    },
    response: {
      refused: u32('1: the IOMMU refused; there are no bytes.', 1),
      data: data('The bytes.', MAX_DMA_BYTES),
    },
  },
  WRITE: {
    id: 0x83,
    from: 'device',
    payload: 'bulk',
    doc: "Writes the driver's memory.",
    request: { iova: address('First byte.'), data: data('The bytes.', MAX_DMA_BYTES) },
    response: { refused: u32('1: the IOMMU refused; nothing was written.', 1) },
  },
  SYNC: {
    id: 0x84,
    from: 'either',
    payload: 'bulk',
    doc: 'What the sender changed in coherent memory, without an index of a queue.',
    request: { ranges: ranges('What was changed.') },
    response: null,
  },
  FRAME: {
    id: 0x85,
    from: 'device',
    payload: 'bulk',
    doc: "A scanout's pixels, for the monitor on the driver's side.",
    request: {
      width: u32('Pixels of a row.', 16384),
      height: u32('Rows.', 16384),
      stride: u32('Bytes from a row to the next.', 65536),
      data: data('Rows of R, G, B, A bytes: stride times height of them.'),
    },
    response: null,
  },
  STATS: {
    id: 0x86,
    from: 'driver',
    payload: 'control',
    doc: "Asks for the device's counters.",
    request: none,
    response: { counts: counts('Numbers by name.') },
  },
  ERROR: {
    id: 0x87,
    from: 'either',
    payload: 'control',
    doc: 'What the other side did against the protocol. The sender closes the connection.',
    request: {
      code: u32(
        '0: not a message; 1: a message that must not come here or now; 2: over a limit; 3: no answer.',
      ),
      reason: text('One sentence.'),
    },
    response: null,
  },
} as const satisfies Record<string, MessageRow>;

export const messages = { ...device, ...memory } as const;

export type MessageName = keyof typeof messages;

/** Codes of ERROR. */
export const errorCodes = { MALFORMED: 0, UNEXPECTED: 1, LIMIT: 2, TIMEOUT: 3 } as const;

/** Bits of MAP's `access`. */
export const access = { READ: 1, WRITE: 2 } as const;
