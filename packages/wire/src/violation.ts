/** What a peer did against the protocol: thrown by a handler of its message, and told to it. */
import type { errorCodes } from './messages.ts';

export type ErrorCode = (typeof errorCodes)[keyof typeof errorCodes];

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly code: ErrorCode;

  /** @param reason  one sentence. */
  constructor(code: ErrorCode, reason: string) {
    super(reason);
    this.code = code;
  }
}
