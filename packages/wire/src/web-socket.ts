/** What both ends of a WebSocket do alike (RFC 6455). */
import { PROTOCOL_VERSION } from './limits.ts';

/** What tells a Doorbell backend from any other server, in the handshake. */
export const SUBPROTOCOL = `doorbell.${PROTOCOL_VERSION}`;
/** How long the other end has to answer a close, in milliseconds. */
export const CLOSE_MS = 1_000;
/** A close frame's reason has at most so many bytes (§5.5). */
const MAX_REASON_BYTES = 123;

/** As much of a reason as fits into a close frame, in whole characters: it may be a peer's own words. */
export function closeReason(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(MAX_REASON_BYTES));
  return text.slice(0, read);
}
