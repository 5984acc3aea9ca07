/**
 * Transaction layer packets as data: their types, the layouts of their headers in non-flit mode
 * (PCI Express Base 6.0 §2.2), and which bytes they enable. A header is three or four double
 * words (DW), big-endian: byte 0 holds bits 31:24 of double word 0.
 */
import { field, type BitField } from './register.ts';

/** How a packet flows: a posted request has no answer, a non-posted one is answered by completions. */
export type TlpFlow = 'posted' | 'non-posted' | 'completion';

export interface TlpTypeRow {
  readonly shape: keyof typeof tlpLayouts;
  /** The field TYPE. The low three bits of a message's are its routing. */
  readonly code: number;
  /** A payload follows the header. */
  readonly data: boolean;
  readonly flow: TlpFlow;
  readonly doc: string;
}

export interface HeaderField extends BitField {
  /** Which double word. */
  readonly word: number;
}

function at(word: number, lsb: number, width: number, doc: string): HeaderField {
  return { word, ...field(lsb, width, doc) };
}

const requester = at(1, 16, 16, 'Who asks: bus, device, function.');
const tag = at(1, 8, 8, 'Tells requests that are not yet answered apart.');
const byteEnables = {
  lastBe: at(1, 4, 4, 'Which bytes of the last double word; 0 when it is the first.'),
  firstBe: at(1, 0, 4, 'Which bytes of the first double word.'),
} as const;

/** The first double word is the same for all. */
export const tlpCommonLayout = {
  format: at(0, 29, 3, 'Bit 0: four double words. Bit 1: a payload follows.'),
  typeCode: at(0, 24, 5, 'With the format: the type.'),
  trafficClass: at(0, 20, 3, 'Traffic class.'),
  ordering: at(0, 18, 1, 'ID-based ordering: attribute bit 2.'),
  hints: at(0, 16, 1, 'Processing hints follow.'),
  digest: at(0, 15, 1, 'A digest follows the payload.'),
  poisoned: at(0, 14, 1, 'The payload is known to be wrong.'),
  attributes: at(0, 12, 2, 'Relaxed ordering; no snoop.'),
  translated: at(0, 10, 2, 'Whether the address was translated by ATS.'),
  length: at(0, 0, 10, 'Double words of payload, or asked for; 0 is 1024.'),
} as const;

/** The other double words, by the shape of the header (§2.2.7, §2.2.8, §2.2.9). */
export const tlpLayouts = {
  memory32: {
    ...{ requester, tag, ...byteEnables },
    addressLow: at(2, 2, 30, 'Address bits 31:2.'),
  },
  memory64: {
    ...{ requester, tag, ...byteEnables },
    addressHigh: at(2, 0, 32, 'Address bits 63:32.'),
    addressLow: at(3, 2, 30, 'Address bits 31:2.'),
  },
  config: {
    ...{ requester, tag, ...byteEnables },
    completer: at(2, 16, 16, 'Who is asked: bus, device, function.'),
    register: at(2, 2, 10, 'Which double word of configuration space.'),
  },
  completion: {
    completer: at(1, 16, 16, 'Who answers.'),
    status: at(1, 13, 3, 'How it went.'),
    countModified: at(1, 12, 1, 'Of PCI-X bridges only.'),
    byteCount: at(1, 0, 12, 'Bytes that are still owed, with these; 0 is 4096.'),
    requester: at(2, 16, 16, 'Who is answered.'),
    tag: at(2, 8, 8, 'Which of its requests.'),
    lowerAddress: at(2, 0, 7, 'The low bits of the address of the first byte.'),
  },
  message: { requester, tag, code: at(1, 0, 8, 'Which message.') },
} as const satisfies Record<string, Readonly<Record<string, HeaderField>>>;

/** A memory request is of shape `memory64` from 4 GiB on, and must be of `memory32` below (§2.2.4.1). */
export const tlpTypes = {
  MRd: {
    ...{ shape: 'memory32', code: 0x00, data: false, flow: 'non-posted' },
    doc: 'Memory read request.',
  },
  MWr: {
    ...{ shape: 'memory32', code: 0x00, data: true, flow: 'posted' },
    doc: 'Memory write; also an MSI or MSI-X interrupt.',
  },
  CfgRd0: {
    ...{ shape: 'config', code: 0x04, data: false, flow: 'non-posted' },
    doc: 'Configuration read of the function at the other end of the link.',
  },
  CfgWr0: {
    ...{ shape: 'config', code: 0x04, data: true, flow: 'non-posted' },
    doc: 'Configuration write of the function at the other end of the link.',
  },
  CfgRd1: {
    ...{ shape: 'config', code: 0x05, data: false, flow: 'non-posted' },
    doc: 'Configuration read on its way through bridges.',
  },
  CfgWr1: {
    ...{ shape: 'config', code: 0x05, data: true, flow: 'non-posted' },
    doc: 'Configuration write on its way through bridges.',
  },
  Cpl: {
    ...{ shape: 'completion', code: 0x0a, data: false, flow: 'completion' },
    doc: 'Completion without data: of a configuration write, or of what was refused.',
  },
  CplD: {
    ...{ shape: 'completion', code: 0x0a, data: true, flow: 'completion' },
    doc: 'Completion with data.',
  },
  Msg: {
    ...{ shape: 'message', code: 0x10, data: false, flow: 'posted' },
    doc: 'Message: what was a wire on PCI, such as INTx.',
  },
  MsgD: {
    ...{ shape: 'message', code: 0x10, data: true, flow: 'posted' },
    doc: 'Message with data.',
  },
} as const satisfies Record<string, TlpTypeRow>;

export type TlpType = keyof typeof tlpTypes;

/** Completion status (§2.2.9.1). */
export const completionStatus = {
  SC: { code: 0, doc: 'Successful completion.' },
  UR: { code: 1, doc: 'Unsupported request: nothing answers there, or it is not allowed.' },
  RRS: { code: 2, doc: 'Request retry status: a function that is not ready yet.' },
  CA: { code: 4, doc: 'Completer abort.' },
} as const;

/** Message codes (§2.2.8). */
export const messageCodes = {
  UNLOCK: 0x00,
  LTR: 0x10,
  PM_ACTIVE_STATE_NAK: 0x14,
  PM_PME: 0x18,
  PME_TURN_OFF: 0x19,
  PME_TO_ACK: 0x1b,
  ASSERT_INTA: 0x20,
  ASSERT_INTB: 0x21,
  ASSERT_INTC: 0x22,
  ASSERT_INTD: 0x23,
  DEASSERT_INTA: 0x24,
  DEASSERT_INTB: 0x25,
  DEASSERT_INTC: 0x26,
  DEASSERT_INTD: 0x27,
  ERR_COR: 0x30,
  ERR_NONFATAL: 0x31,
  ERR_FATAL: 0x33,
  SET_SLOT_POWER_LIMIT: 0x50,
  PTM_REQUEST: 0x52,
  PTM_RESPONSE: 0x53,
  VENDOR_DEFINED_0: 0x7e,
  VENDOR_DEFINED_1: 0x7f,
} as const;

/** The routing of a message that ends at the receiver, as INTx does (§2.2.8.1). */
export const LOCAL_ROUTING = 4;

export interface ByteEnables {
  /** Double words that the bytes touch. */
  readonly length: number;
  readonly firstBe: number;
  readonly lastBe: number;
}

/** The byte enables of `bytes` (1 or more) consecutive bytes at `address` (§2.2.5). */
export function byteEnablesOf(address: number, bytes: number): ByteEnables {
  const from = address % 4;
  const end = from + bytes;
  const length = Math.ceil(end / 4);
  const last = end % 4 === 0 ? 0xf : (1 << (end % 4)) - 1;
  const first = (0xf << from) & 0xf;
  return length === 1
    ? { length, firstBe: first & last, lastBe: 0 }
    : { length, firstBe: first, lastBe: last };
}
