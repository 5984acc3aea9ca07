/** Why a channel of bell stops. */

/** Fault reasons (FAULT.REASON). */
export const faults = {
  NONE: { code: 0, doc: 'No fault.' },
  NOT_PRESENT: { code: 1, doc: 'No page is mapped there.' },
  NOT_WRITABLE: { code: 2, doc: 'The page is mapped, not for writing.' },
  BAD_ENTRY: {
    code: 3,
    doc: 'A reserved bit is set, an address lies outside of VRAM, or a directory is used as a table.',
  },
  BUS: { code: 4, doc: 'The bus refused a DMA access.' },
  BAD_OPCODE: { code: 5, doc: 'No packet has this opcode.' },
  BAD_LENGTH: {
    code: 6,
    doc: 'A packet of this opcode has another length, or reaches past the tail or the end of its buffer.',
  },
  BAD_ARGUMENT: { code: 7, doc: 'A field has a value that its packet does not allow.' },
  BAD_TAIL: { code: 8, doc: 'A doorbell with a tail that is misaligned or beyond the ring.' },
  BAD_RING: { code: 9, doc: 'RING or RING_SIZE has a value that is not allowed.' },
  BAD_INDEX: { code: 10, doc: 'A draw has an index at or above its vertex count.' },
  NESTED: { code: 11, doc: 'An INDIRECT packet in an indirect buffer.' },
  HANG: { code: 12, doc: 'The packet took longer than WATCHDOG allows.' },
  UNSUPPORTED: { code: 13, doc: 'The packet is of an engine that this part lacks (CAPS).' },
  PRIVILEGED: { code: 14, doc: 'A REGISTER packet in a channel without CONTROL.PRIVILEGED.' },
} as const;
export type FaultName = keyof typeof faults;

export function faultName(code: number): FaultName | undefined {
  return (Object.keys(faults) as FaultName[]).find((name) => faults[name].code === code);
}
