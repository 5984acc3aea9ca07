/**
 * The audio function of a GPU board, as data: a High Definition Audio controller (HDA 1.0a §3.3)
 * without a stream and without a codec, so that a driver finds it, resets it, and hears nothing.
 */
import { bit, field, registerMap } from './register.ts';

export const audioIds = {
  vendor: 0x1234,
  device: 0xbe12,
  revision: 1,
  /** Multimedia, High Definition Audio. */
  classCode: 0x040300,
} as const;

export const audioBars = { REGISTERS: { index: 0, size: 0x4000 } } as const;

export const audioRegisters = registerMap('audio', 0x10, 'The start of BAR0.', {
  GCAP: {
    offset: 0x00,
    width: 2,
    access: 'RO',
    reset: 0x0001,
    bits: {
      ADDRESS_64: bit(0, 'Addresses have 64 bits.'),
      BIDIRECTIONAL: field(3, 5, 'Streams of both directions: none.'),
      INPUT: field(8, 4, 'Input streams: none.'),
      OUTPUT: field(12, 4, 'Output streams: none.'),
    },
    doc: 'Global capabilities.',
  },
  VMIN: { offset: 0x02, width: 1, access: 'RO', reset: 0, doc: 'Minor version.' },
  VMAJ: { offset: 0x03, width: 1, access: 'RO', reset: 1, doc: 'Major version.' },
  OUTPAY: {
    offset: 0x04,
    width: 2,
    access: 'RO',
    reset: 0x003c,
    doc: 'Words of output in each frame of the link.',
  },
  INPAY: {
    offset: 0x06,
    width: 2,
    access: 'RO',
    reset: 0x001d,
    doc: 'Words of input in each frame of the link.',
  },
  GCTL: {
    offset: 0x08,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: { CRST: bit(0, '0: the controller is held in reset; 1: it runs.') },
    doc: 'Global control.',
  },
  STATESTS: {
    offset: 0x0e,
    width: 2,
    access: 'RO',
    reset: 0,
    doc: 'Codecs that answered after a reset, a bit for each: none.',
  },
});
