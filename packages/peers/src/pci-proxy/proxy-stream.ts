/** A stream of bytes as the messages that QEMU's proxy sends. */
import { requireThat } from '../pci-device/violation.ts';
import { proxyHeader, proxyPayload } from './messages.ts';

export interface ProxyMessage {
  readonly command: number;
  readonly payload: Uint8Array;
}

export class ProxyStream {
  /** Bytes of a message that has not come whole. */
  private rest: Uint8Array = new Uint8Array(0);

  /** The messages that are whole with these bytes. @throws ProtocolViolation */
  *take(chunk: Uint8Array): Generator<ProxyMessage, void> {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (at + proxyHeader.size <= bytes.length) {
      const { command, size } = proxyHeader.decode(bytes, at);
      requireThat(
        proxyPayload[command] === size,
        `QEMU sent command ${command} with ${size} bytes, which there is not.`,
      );
      const from = at + proxyHeader.size;
      if (from + size > bytes.length) {
        break;
      }
      at = from + size;
      yield { command, payload: bytes.subarray(from, at) };
    }
    this.rest = bytes.slice(at);
  }
}
