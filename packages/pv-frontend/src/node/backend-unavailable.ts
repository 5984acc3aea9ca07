/** Why there is no connection with a backend. */
export type UnavailableCode =
  /** Nothing answers at that address. */
  | 'unreachable'
  /** The backend does not know the token, or does not let this peer in. */
  | 'refused'
  /** The backend has as many connections as it allows. */
  | 'busy'
  /** Something else answers there. */
  | 'not-a-backend';

export class BackendUnavailable extends Error {
  override readonly name = 'BackendUnavailable';
  readonly code: UnavailableCode;

  constructor(code: UnavailableCode, message: string) {
    super(message);
    this.code = code;
  }
}
