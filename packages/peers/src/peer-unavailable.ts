/** The machine lacks something. The message says how to get it. */
export class PeerUnavailable extends Error {
  override readonly name = 'PeerUnavailable';
}
