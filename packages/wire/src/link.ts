/**
 * One end of a connection: what the driver's and the device's end have in common. It encodes,
 * decodes, matches answers with requests, and ends the connection on the first violation.
 */
import type { Clock } from '@doorbell/abi';
import {
  type Allocate,
  type AnsweredName,
  decode,
  encodeRequest,
  encodeResponse,
  type Message,
  type RequestFields,
  type ResponseFields,
} from './codec.ts';
import type { Connection } from './connection.ts';
import { type LinkCounts, noCounts } from './link-counts.ts';
import { errorCodes, type MessageName, messages, type Side } from './messages.ts';
import { RequestTable } from './request-table.ts';
import { Violation } from './violation.ts';
import { WireError } from './wire-error.ts';

/** Bytes that may wait in the connection before bulk senders wait too. */
const HIGH_WATER_BYTES = 8 * 2 ** 20;
/** Bytes that may wait at all: a peer that reads nothing does not fill this end's memory. */
const MAX_BUFFERED_BYTES = 256 * 2 ** 20;
/** How long a request may wait for its answer, unless said otherwise: 10 s. */
const TIMEOUT_NS = 10e9;
/**
 * What it may wait beyond that. Whoever kept this thread busy until the time was over kept it from
 * an answer that has long been here: it is looked for once more.
 */
const GRACE_NS = 20e6;

/** Requests and events that `S` receives. */
type ReceivedBy<S extends Side> = Exclude<
  {
    [N in MessageName]: (typeof messages)[N]['from'] extends S ? never : N;
  }[MessageName],
  'ERROR'
>;

type Handler<N extends MessageName> = N extends AnsweredName
  ? (fields: RequestFields<N>, token: number) => ResponseFields<N> | undefined
  : (fields: RequestFields<N>) => void;

/**
 * What an end does with each message. An answer that is undefined comes later, by `Link.answer`.
 * Each may throw `Violation`.
 */
export type Handlers<S extends Side> = {
  readonly [N in ReceivedBy<S>]: Handler<N>;
};

export interface LinkParts<S extends Side> {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly handlers: Handlers<S>;
  /** Runs once; nothing is received afterwards. */
  readonly onLost: (reason: string) => void;
  /** How long a request may wait for its answer. */
  readonly timeoutNs?: number | undefined;
}

type AnyHandler = (fields: object, token: number) => object | undefined;

export class Link<S extends Side> {
  readonly counts: LinkCounts = noCounts();
  /** Why the connection has ended; undefined while it has not. */
  lost: string | undefined;
  private readonly connection: Connection;
  private readonly allocate: Allocate | undefined;
  private readonly handlers: Readonly<Partial<Record<MessageName, AnyHandler>>>;
  private readonly requests: RequestTable;
  private readonly onLost: (reason: string) => void;
  private readonly timeoutNs: number;

  constructor({ connection, clock, handlers, onLost, timeoutNs }: LinkParts<S>) {
    this.connection = connection;
    this.allocate = connection.allocate?.bind(connection);
    this.handlers = handlers;
    this.requests = new RequestTable(clock);
    this.onLost = onLost;
    this.timeoutNs = timeoutNs ?? TIMEOUT_NS;
    connection.receive(
      (message) => {
        this.receive(message);
      },
      (reason) => {
        this.lose(reason);
      },
    );
  }

  // ---------------------------------------------------------------------------------- sending

  /** An event. */
  send<N extends MessageName>(name: N, fields: RequestFields<N>): void {
    this.post(encodeRequest(name, 0, fields, this.allocate));
  }

  /** A request. Undefined: the connection is lost, now or because no answer came in time. */
  async ask<N extends AnsweredName>(
    name: N,
    fields: RequestFields<N>,
  ): Promise<ResponseFields<N> | undefined> {
    if (this.lost !== undefined) {
      return undefined;
    }
    const token = this.requests.open(name);
    this.post(encodeRequest(name, token, fields, this.allocate));
    const answer = await this.requests.wait<N>(token, [this.timeoutNs, GRACE_NS]);
    if (answer === undefined) {
      this.fail(errorCodes.TIMEOUT, `${name} was not answered within ${this.timeoutNs / 1e6} ms.`);
    }
    return answer;
  }

  answer<N extends AnsweredName>(name: N, token: number, fields: ResponseFields<N>): void {
    this.post(encodeResponse(name, token, fields, this.allocate));
  }

  /** Sends what was encoded already. */
  post(message: Uint8Array): void {
    if (this.lost !== undefined) {
      return;
    }
    this.counts.messagesSent++;
    this.counts.bytesSent += message.length;
    this.connection.send(message);
    if (this.connection.buffered > MAX_BUFFERED_BYTES) {
      this.fail(errorCodes.LIMIT, `More than ${MAX_BUFFERED_BYTES} bytes were not read.`);
    }
  }

  /** Whether so much waits to be sent that whoever sends much should wait for `drained`. */
  get full(): boolean {
    return this.lost === undefined && this.connection.buffered > HIGH_WATER_BYTES;
  }

  /** Resolves once little waits to be sent, or the connection is lost. */
  async drained(): Promise<void> {
    while (this.full) {
      await this.connection.drained();
    }
  }

  /** Tells the peer what it did, if it still listens, and ends the connection. */
  fail(code: Violation['code'], reason: string): void {
    if (this.lost === undefined) {
      this.connection.send(encodeRequest('ERROR', 0, { code, reason }));
      this.close(reason);
    }
  }

  close(reason: string): void {
    this.lose(reason);
    this.connection.close(reason);
  }

  // -------------------------------------------------------------------------------- receiving

  private receive(bytes: Uint8Array): void {
    if (this.lost !== undefined) {
      return;
    }
    this.counts.messagesReceived++;
    this.counts.bytesReceived += bytes.length;
    try {
      this.handle(decode(bytes));
    } catch (error) {
      if (error instanceof WireError) {
        this.fail(errorCodes.MALFORMED, error.message);
      } else if (error instanceof Violation) {
        this.fail(error.code, error.message);
      } else {
        throw error;
      }
    }
  }

  private handle(message: Message): void {
    if (message.response) {
      this.settle(message.name, message.token, message.fields);
    } else if (message.name === 'ERROR') {
      this.close(`The other side ended it: ${message.fields.reason}`);
    } else {
      this.serve(message.name, message.token, message.fields);
    }
  }

  private settle(name: AnsweredName, token: number, fields: object): void {
    if (!this.requests.settle(name, token, fields)) {
      throw new Violation(errorCodes.UNEXPECTED, `Nothing waits for ${name}'s answer ${token}.`);
    }
  }

  private serve(name: MessageName, token: number, fields: object): void {
    const handler = this.handlers[name];
    if (handler === undefined) {
      throw new Violation(errorCodes.UNEXPECTED, `${name} does not go this way.`);
    }
    const answer = handler(fields, token);
    if (answer !== undefined && messages[name].response !== null) {
      this.answer(name as AnsweredName, token, answer);
    }
  }

  private lose(reason: string): void {
    if (this.lost === undefined) {
      this.lost = reason;
      this.requests.close();
      this.onLost(reason);
    }
  }
}
