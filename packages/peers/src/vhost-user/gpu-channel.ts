/** The GPU socket: what is shown goes out in pieces as there is room; what was asked comes back. */
import type { Libc, Watch } from '../native/libc.ts';
import { GPU_REPLY, gpuHeader, gpuRequests, gpuU64 } from './gpu-messages.ts';
import { requireThat } from './rule.ts';

export interface GpuChannelParts {
  readonly libc: Libc;
  /** It is ours from now on. */
  readonly socket: number;
  /** All was sent: there is room for more. */
  readonly onClear: () => void;
  /** It has ended; `error`: why, unless the other side has closed it. */
  readonly onEnd: (error: unknown) => void;
}

interface Question {
  readonly request: number;
  readonly size: number;
  readonly answer: (payload: Uint8Array | undefined) => void;
}

/**
 * A reader that is at work takes a picture in less; as long the event loop stands still at most,
 * once for each message.
 */
const BURST_MS = 5;
const MAX_REPLY = 2048;
/**
 * After the last message so many milliseconds pass, and as many more, before one that says nothing.
 * Linux wakes a reader after it has queued the bytes. A reader that was awake may have read them by
 * then and waits for more: with poll(2) it looks again, with io_uring it is told that there is more.
 * QEMU (11.1) believes that, and stands in a read, with all of its machine, until there is.
 */
const NUDGES_MS = [20, 500];

export class GpuChannel {
  bytesSent = 0;
  private readonly parts: GpuChannelParts;
  /** What is not sent yet, in order. */
  private readonly waiting: Uint8Array[] = [];
  private readonly questions: Question[] = [];
  private readonly reply = Buffer.alloc(gpuHeader.size + MAX_REPLY);
  private replyLength = 0;
  private watch: Watch | undefined;
  private nudge: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(parts: GpuChannelParts) {
    this.parts = parts;
    this.listen();
  }

  /** Nothing waits to be sent. */
  get isClear(): boolean {
    return this.waiting.length === 0 && !this.isClosed;
  }

  /** The socket is closed; whoever asked gets no answer. */
  close(): void {
    if (this.isClosed) {
      return;
    }
    this.isClosed = true;
    this.watch?.close();
    clearTimeout(this.nudge);
    this.waiting.length = 0;
    for (const { answer } of this.questions.splice(0)) {
      answer(undefined);
    }
    this.parts.libc.close(this.parts.socket);
  }

  private fail(error: unknown): void {
    if (!this.isClosed) {
      this.close();
      this.parts.onEnd(error);
    }
  }

  // ------------------------------------------------------------------------------ out

  /** Sends a message: `payload` in parts, which must not be freed, and may change, until all is sent. */
  send(request: number, ...payload: readonly Uint8Array[]): void {
    this.put(request, payload);
    this.nudgeLater(NUDGES_MS);
  }

  /** What it is told at first, over again. */
  private nudgeLater([delay, ...others]: readonly number[]): void {
    clearTimeout(this.nudge);
    if (!this.isClosed && delay !== undefined) {
      this.nudge = setTimeout(() => {
        this.agree();
        this.nudgeLater(others);
      }, delay);
    }
  }

  /** No protocol features. */
  agree(): void {
    this.put(gpuRequests.SET_PROTOCOL_FEATURES, [gpuU64.encode({ value: 0n })]);
  }

  private put(request: number, payload: readonly Uint8Array[]): void {
    if (this.isClosed) {
      return;
    }
    const size = payload.reduce((sum, { length }) => sum + length, 0);
    const isWatched = this.waiting.length > 0;
    this.waiting.push(gpuHeader.encode({ request, flags: 0, size }), ...payload);
    if (isWatched) {
      return; // goes out in a turn, which also tells when all has
    }
    try {
      this.burst();
      if (this.waiting.length > 0) {
        this.listen();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** As much as there is room for, and while the reader makes more without delay. */
  private burst(): void {
    const { libc, socket } = this.parts;
    const deadline = performance.now() + BURST_MS;
    while (this.waiting.length > 0) {
      if (!this.offer() && (performance.now() >= deadline || !libc.awaitRoom(socket, 1))) {
        return;
      }
    }
  }

  /** Whether the first part went out completely. */
  private offer(): boolean {
    const { libc, socket } = this.parts;
    const [first] = this.waiting;
    const sent = first.length === 0 ? 0 : libc.offer(socket, first);
    this.bytesSent += sent;
    if (sent === first.length) {
      this.waiting.shift();
      return true;
    }
    this.waiting[0] = first.subarray(sent);
    return false;
  }

  // ------------------------------------------------------------------------------ in

  /** Resolves to a payload of `size` bytes, or undefined when there will be none. */
  ask(request: number, size: number): Promise<Uint8Array | undefined> {
    if (this.isClosed) {
      return Promise.resolve(undefined);
    }
    return new Promise((answer) => {
      this.questions.push({ request, size, answer });
      this.send(request);
    });
  }

  private listen(): void {
    this.watch?.close();
    const events = this.waiting.length > 0 ? 'both' : 'readable';
    this.watch = this.parts.libc.watch(this.parts.socket, events, () => {
      this.turn();
    });
  }

  private turn(): void {
    try {
      this.receive();
      this.sendWaiting();
    } catch (error) {
      this.fail(error);
    }
  }

  private sendWaiting(): void {
    if (this.isClosed || this.waiting.length === 0) {
      return;
    }
    this.burst();
    if (this.waiting.length === 0) {
      this.listen();
      this.parts.onClear();
    }
  }

  private receive(): void {
    const { libc, socket } = this.parts;
    while (!this.isClosed && libc.poll([socket], 0).length > 0) {
      const end = this.replyLength < gpuHeader.size ? gpuHeader.size : this.replyEnd();
      const part = this.reply.subarray(this.replyLength, end);
      const { bytes, descriptors } = libc.receive(socket, part);
      for (const descriptor of descriptors) {
        libc.close(descriptor);
      }
      if (bytes === 0) {
        this.fail(undefined);
        return;
      }
      this.replyLength += bytes;
      this.takeReply();
    }
  }

  /** @throws ProtocolViolation unless it answers the first question. */
  private replyEnd(): number {
    const { request, flags, size } = gpuHeader.decode(this.reply);
    const [question] = this.questions as readonly (Question | undefined)[];
    requireThat(
      question?.request === request && question.size === size && (flags & GPU_REPLY) !== 0,
      `The GPU socket brought message ${request} of ${size} bytes, for which nobody asked.`,
    );
    return gpuHeader.size + size;
  }

  private takeReply(): void {
    if (this.replyLength < gpuHeader.size || this.replyLength < this.replyEnd()) {
      return;
    }
    const payload = new Uint8Array(this.reply.subarray(gpuHeader.size, this.replyLength));
    this.replyLength = 0;
    this.questions.shift()!.answer(payload);
  }
}
