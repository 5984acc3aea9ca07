/** Messages as they come: one at a time, the next when the last was served. */
import type { Libc, Watch } from '../native/libc.ts';
import { MAX_PAYLOAD, messageFlags, messageHeader } from './messages.ts';
import { requireThat } from './rule.ts';

export interface Message {
  readonly request: number;
  readonly needsReply: boolean;
  readonly payload: Uint8Array;
  /** Whoever serves it takes those that it keeps out of this list; the others are closed. */
  readonly descriptors: number[];
}

export interface InboxParts {
  readonly libc: Libc;
  readonly socket: number;
  readonly serve: (message: Message) => Promise<void>;
  /** Nothing comes any more; `error`: why, unless the other side has closed. */
  readonly onEnd: (error: unknown) => void;
}

/** Of one message: a table of 8 regions has as many. */
const MAX_DESCRIPTORS = 8;

export class Inbox {
  private readonly parts: InboxParts;
  private readonly bytes = Buffer.alloc(messageHeader.size + MAX_PAYLOAD);
  private length = 0;
  private descriptors: number[] = [];
  private watch: Watch | undefined;
  private isClosed = false;

  constructor(parts: InboxParts) {
    this.parts = parts;
  }

  /** Nothing is served any more. What came and was not served is closed. */
  close(): void {
    this.isClosed = true;
    this.watch?.close();
    this.closeDescriptors(this.descriptors.splice(0));
  }

  private closeDescriptors(descriptors: readonly number[]): void {
    for (const descriptor of descriptors) {
      this.parts.libc.close(descriptor);
    }
  }

  /** Serves what comes, until it is closed or ends. */
  listen(): void {
    const { libc, socket, onEnd } = this.parts;
    try {
      this.watch = libc.watch(socket, 'readable', () => {
        this.watch?.close();
        void this.turn();
      });
    } catch (error) {
      onEnd(error);
    }
  }

  /** Receives what is there, without waiting for more. */
  private async turn(): Promise<void> {
    const { libc, socket, onEnd } = this.parts;
    try {
      do {
        if (!this.receive()) {
          onEnd(undefined);
          return;
        }
        const message = this.takeMessage();
        if (message !== undefined) {
          await this.serve(message);
        }
        if (this.isClosed) {
          return;
        }
      } while (libc.poll([socket], 0).length > 0);
    } catch (error) {
      if (!this.isClosed) {
        onEnd(error);
      }
      return;
    }
    this.listen();
  }

  /**
   * The header alone, then the payload alone: descriptors come with the first byte of a message,
   * so that they are known to be this one's. False: the other side has closed.
   */
  private receive(): boolean {
    const { libc, socket } = this.parts;
    const part = this.bytes.subarray(this.length, this.end());
    const { bytes, descriptors } = libc.receive(socket, part);
    this.descriptors.push(...descriptors);
    requireThat(
      this.descriptors.length <= MAX_DESCRIPTORS,
      `A message has at most ${MAX_DESCRIPTORS} descriptors.`,
    );
    this.length += bytes;
    return bytes > 0;
  }

  /** Where the part that is being received ends. */
  private end(): number {
    return this.length < messageHeader.size ? messageHeader.size : this.messageEnd();
  }

  /** @throws ProtocolViolation unless the header is one. */
  private messageEnd(): number {
    const { request, flags, size } = messageHeader.decode(this.bytes);
    requireThat(
      (flags & messageFlags.VERSION_MASK) === messageFlags.VERSION,
      `Request ${request} is of version ${flags & messageFlags.VERSION_MASK}; there is 1.`,
    );
    requireThat((flags & messageFlags.REPLY) === 0, `Request ${request} is marked as a reply.`);
    requireThat(
      size <= MAX_PAYLOAD,
      `Request ${request} has a payload of ${size} bytes, of ${MAX_PAYLOAD} at most.`,
    );
    return messageHeader.size + size;
  }

  /** Undefined: it is not complete. */
  private takeMessage(): Message | undefined {
    if (this.length < messageHeader.size || this.length < this.messageEnd()) {
      return undefined;
    }
    const { request, flags } = messageHeader.decode(this.bytes);
    const payload = this.bytes.subarray(messageHeader.size, this.length);
    const descriptors = this.descriptors;
    this.descriptors = [];
    this.length = 0;
    return { request, needsReply: (flags & messageFlags.NEED_REPLY) !== 0, payload, descriptors };
  }

  private async serve(message: Message): Promise<void> {
    try {
      await this.parts.serve(message);
    } finally {
      this.closeDescriptors(message.descriptors);
    }
  }
}
