/** A way for messages between two processes or threads; sockets and ports are behind it. */
export interface Connection {
  /**
   * Sends one message, in order. Does nothing once closed. Memory of `allocate` is the connection's
   * again from then on.
   */
  send(message: Uint8Array): void;
  /** Memory for one message, with anything in it; absent: any memory will do. */
  readonly allocate?: ((bytes: number) => Uint8Array) | undefined;
  /** Bytes that were sent and have not left yet: a sender that sees many waits. */
  readonly buffered: number;
  /** Resolves when `buffered` has fallen, or the connection has closed. */
  drained(): Promise<void>;
  /** Gives what arrives; set once. `onClose` runs once, with the reason, whoever closed. */
  receive(onMessage: (message: Uint8Array) => void, onClose: (reason: string) => void): void;
  close(reason: string): void;
}
