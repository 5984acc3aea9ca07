/** The other end of a socket broke the protocol: nothing that it says later can be trusted. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}

/** @throws ProtocolViolation */
export function requireThat(condition: boolean, otherwise: string): asserts condition {
  if (!condition) {
    throw new ProtocolViolation(otherwise);
  }
}
