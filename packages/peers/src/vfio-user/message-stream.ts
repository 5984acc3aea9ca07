/** A stream of bytes and descriptors as vfio-user's messages. */
import { requireThat } from '../pci-device/violation.ts';
import { messageFlags, vfioUserHeader } from './messages.ts';

/** More than any message has that we agreed to, see `version.ts`. */
export const MAX_MESSAGE_BYTES = 1 << 17;

export interface VfioUserMessage {
  readonly id: number;
  readonly command: number;
  readonly flags: number;
  readonly payload: Uint8Array;
  /** They are the receiver's to close. */
  readonly descriptors: readonly number[];
}

export class MessageStream {
  private readonly buffer = new Uint8Array(MAX_MESSAGE_BYTES);
  private start = 0;
  private end = 0;
  private descriptors: readonly number[] = [];
  /** Where the bytes end that the descriptors came with. */
  private mark = 0;

  /** Where the next bytes are to be put. */
  room(): Uint8Array {
    if (this.start > 0) {
      this.buffer.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.mark -= this.start;
      this.start = 0;
    }
    return this.buffer.subarray(this.end);
  }

  /** `bytes` were put there. @throws ProtocolViolation; what came is in `left` then. */
  came(bytes: number, descriptors: readonly number[]): void {
    this.end += bytes;
    if (descriptors.length > 0) {
      const isSecond = this.descriptors.length > 0;
      this.descriptors = [...this.descriptors, ...descriptors];
      this.mark = this.end;
      requireThat(!isSecond, 'Descriptors came before the message of others was whole.');
    }
  }

  /** The next whole message; undefined: it has not come whole. @throws ProtocolViolation */
  next(): VfioUserMessage | undefined {
    const { start, end } = this;
    if (end - start < vfioUserHeader.size) {
      return undefined;
    }
    const { id, command, size, flags } = vfioUserHeader.decode(this.buffer, start);
    requireThat(
      size >= vfioUserHeader.size && size <= MAX_MESSAGE_BYTES,
      `A message of ${size} bytes: it has ${vfioUserHeader.size} to ${MAX_MESSAGE_BYTES}.`,
    );
    requireThat(
      (flags & messageFlags.TYPE) === messageFlags.COMMAND,
      'A message is no command, and nothing was asked of the client.',
    );
    if (end - start < size) {
      return undefined;
    }
    this.start += size;
    const payload = this.buffer.slice(start + vfioUserHeader.size, this.start);
    return { id, command, flags, payload, descriptors: this.takeDescriptors() };
  }

  /**
   * The kernel never gives bytes beyond what was sent with descriptors (unix(7)), so theirs is the
   * message that has the last byte that they came with.
   */
  private takeDescriptors(): readonly number[] {
    if (this.start < this.mark) {
      return [];
    }
    const { descriptors } = this;
    this.descriptors = [];
    return descriptors;
  }

  /** Descriptors that were given to no message. */
  get left(): readonly number[] {
    return this.descriptors;
  }
}
