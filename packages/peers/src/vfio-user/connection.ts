/** A client at a socket: its commands in, replies out. Nothing here waits for the client. */
import type { Libc } from '../native/libc.ts';
import { MessageStream, type VfioUserMessage } from './message-stream.ts';
import { messageFlags, vfioUserHeader } from './messages.ts';
import { errno, Refusal } from './refusal.ts';
import type { Answer, Session, SessionLibc } from './session.ts';

export type ConnectionLibc = SessionLibc & Pick<Libc, 'receive' | 'offer'>;

export class Connection {
  readonly socket: number;
  readonly session: Session;
  private readonly libc: ConnectionLibc;
  private readonly stream = new MessageStream();
  /** Replies that the client has not made room for. */
  private backlog: Uint8Array = new Uint8Array(0);
  /** What goes with the first byte of it. */
  private attached: readonly number[] = [];

  /** Both are the connection's to close. */
  constructor(libc: ConnectionLibc, socket: number, session: Session) {
    this.libc = libc;
    this.socket = socket;
    this.session = session;
  }

  /** Whether the client has to take replies before it is heard again. */
  get isBehind(): boolean {
    return this.backlog.length > 0;
  }

  /**
   * Performs what has come: there is something. False: the client has gone.
   * @throws ProtocolViolation; what was left of descriptors is closed with `close`.
   */
  receive(): boolean {
    const { bytes, descriptors } = this.libc.receive(this.socket, this.stream.room());
    this.stream.came(bytes, descriptors);
    this.performAll();
    return bytes > 0;
  }

  /** Until the client falls behind: what is asked may be much smaller than the replies. */
  private performAll(): void {
    while (!this.isBehind) {
      const message = this.stream.next();
      if (message === undefined) {
        return;
      }
      this.perform(message);
    }
  }

  private perform(message: VfioUserMessage): void {
    try {
      const { payload, descriptor, then } = this.session.perform(message);
      this.reply(message, 0, payload, descriptor);
      then?.();
    } catch (error) {
      for (const descriptor of message.descriptors) {
        this.libc.close(descriptor);
      }
      if (!(error instanceof Refusal)) {
        throw error;
      }
      this.reply(message, errno[error.code], new Uint8Array(0), undefined);
    }
  }

  private reply(
    { id, command, flags }: VfioUserMessage,
    error: number,
    payload: Answer['payload'],
    descriptor: Answer['descriptor'],
  ): void {
    if ((flags & messageFlags.NO_REPLY) !== 0) {
      return;
    }
    const size = vfioUserHeader.size + payload.length;
    const type = messageFlags.REPLY | (error === 0 ? 0 : messageFlags.ERROR);
    const bytes = new Uint8Array(size);
    vfioUserHeader.encode({ id, command, size, flags: type, error }, bytes);
    bytes.set(payload, vfioUserHeader.size);
    this.backlog = bytes;
    this.attached = descriptor === undefined ? [] : [descriptor];
    this.send();
  }

  private send(): void {
    const sent = this.libc.offer(this.socket, this.backlog, this.attached);
    if (sent > 0) {
      this.backlog = this.backlog.subarray(sent);
      this.attached = [];
    }
  }

  /** Sends what the client has room for now, and goes on once that is all. */
  flush(): void {
    this.send();
    this.performAll();
  }

  close(): void {
    for (const descriptor of this.stream.left) {
      this.libc.close(descriptor);
    }
    this.session.close();
    this.libc.close(this.socket);
  }
}
