/** What a peer sent against the protocol; one sentence says what. */
export class WireError extends Error {
  override readonly name = 'WireError';
}
