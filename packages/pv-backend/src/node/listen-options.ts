/** What may be chosen about listening, and what a peer may not exceed. */
import { MAX_MESSAGE_BYTES, type Connection } from '@doorbell/wire';

export interface PeerLimits {
  /** Bytes of one message. A longer one closes the connection. */
  readonly maxMessageBytes: number;
  /** Of one connection. Whoever sends more is read more slowly. */
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** Connections at a time. Further ones are refused. */
  readonly maxConnections: number;
  /** From the connection to the end of the handshake, and from there to the first message. */
  readonly handshakeTimeoutMs: number;
  /** A peer that gives no sign of life for one to two of these is dead. */
  readonly keepAliveMs: number;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  /** What a peer must know. */
  readonly token: string;
  /** Origins of web pages that may connect, such as `http://192.0.2.7:8080`, beside those of this machine. Other programs have none. */
  readonly origins?: readonly string[];
  readonly limits?: Partial<PeerLimits>;
  /** @param who  the peer's address and port. */
  readonly onConnection: (connection: Connection, who: string) => void;
  /** One line for each peer that was turned away. */
  readonly log?: (line: string) => void;
}

export const peerLimits: PeerLimits = {
  maxMessageBytes: MAX_MESSAGE_BYTES,
  messagesPerSecond: 100_000,
  bytesPerSecond: 2 ** 30,
  maxConnections: 16,
  handshakeTimeoutMs: 5_000,
  keepAliveMs: 15_000,
};
