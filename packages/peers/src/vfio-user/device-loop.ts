/** The thread of a device: waits for its clients, its timers and questions, one turn at a time. */
import { setImmediate } from 'node:timers/promises';
import type { Libc } from '../native/libc.ts';
import { PeerRecorder } from '../trace/peer-recorder.ts';
import { CONFIG_BYTES } from './regions.ts';
import { Connection } from './connection.ts';
import type { Answers, FromThread, Question, ThreadData } from './control.ts';
import { Session } from './session.ts';

/** How long a client that takes no replies is left alone, in milliseconds. */
const BEHIND_MS = 1;
/** After a client that could not be served, before it or the next is tried: what is short stays so. */
const SHORTAGE_MS = 100;

/** A client that ends does not wait for what is on its way. */
function hasGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' || code === 'ECONNRESET';
}

/** What is shown and counted of a client's device. */
type Look = Pick<Answers, 'picture' | 'config' | 'counts'>;

/** The other thread. */
export interface Control {
  post(message: FromThread): void;
  /** The next question that was posted. */
  take(): Question | undefined;
}

export class DeviceLoop {
  private readonly libc: Libc;
  private readonly data: ThreadData;
  private readonly control: Control;
  private readonly listening: number;
  private readonly recorder: PeerRecorder | undefined;
  private connection: Connection | undefined;
  /** Of the client before, while there is no other. */
  private last: Look | undefined;
  /** Why no client could be served. */
  private shortage: string | undefined;

  constructor(libc: Libc, data: ThreadData, control: Control) {
    this.libc = libc;
    this.data = data;
    this.control = control;
    this.recorder = data.records ? new PeerRecorder() : undefined;
    this.listening = libc.listen(data.path);
  }

  /** Resolves when it was asked to close. */
  async run(): Promise<void> {
    try {
      while (this.answerAll()) {
        if (this.connection === undefined) {
          await setImmediate(); // memory of the client before is let go in turns of the event loop
        }
        this.turn();
      }
    } finally {
      this.disconnect();
      this.libc.close(this.listening);
    }
  }

  /** Waits until something is to be done, and does it. */
  private turn(): void {
    const { connection, libc } = this;
    const { wake } = this.data;
    if (connection === undefined) {
      if (libc.poll([wake, this.listening], -1).includes(this.listening)) {
        this.connect();
      }
    } else if (connection.isBehind) {
      libc.poll([wake], BEHIND_MS);
      this.attempt(connection, () => connection.flush());
    } else {
      const { timeoutMs } = connection.session.device.deadlines;
      const ready = libc.poll([wake, connection.socket], timeoutMs);
      this.attempt(connection, () => this.serve(connection, ready.includes(connection.socket)));
    }
  }

  private serve(connection: Connection, isReady: boolean): void {
    connection.session.device.runTimers();
    if (isReady && !connection.receive()) {
      this.end(undefined);
    }
  }

  /** What a client did wrong, or a socket that broke, ends the connection and nothing else. */
  private attempt(connection: Connection, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (this.connection === connection) {
        this.end(hasGone(error) ? undefined : String(error));
      }
    }
  }

  /** A client that cannot be served is let go; one that cannot be accepted waits. */
  private connect(): void {
    const { libc, data } = this;
    let socket: number | undefined;
    try {
      socket = libc.accept(this.listening);
      const session = new Session(libc, data.choice, data.maps, this.recorder);
      this.connection = new Connection(libc, socket, session);
      this.shortage = undefined;
    } catch (error) {
      if (socket !== undefined) {
        libc.close(socket);
      }
      if ((error as NodeJS.ErrnoException).code !== 'ECONNABORTED') {
        this.sayShortage(String(error));
        libc.poll([data.wake], SHORTAGE_MS);
      }
    }
  }

  /** Once, until a client is served. */
  private sayShortage(reason: string): void {
    if (this.shortage !== reason) {
      this.shortage = reason;
      this.control.post({ kind: 'ended', violation: reason });
    }
  }

  private end(violation: string | undefined): void {
    this.disconnect();
    this.control.post({ kind: 'ended', violation });
  }

  private disconnect(): void {
    const { connection } = this;
    if (connection !== undefined) {
      this.last = this.look();
      this.connection = undefined;
      connection.close();
    }
  }

  /** What the device shows and has counted. */
  private look(): Look {
    const session = this.connection?.session;
    if (session === undefined) {
      const nothing = { picture: undefined, config: new Uint8Array(CONFIG_BYTES), counts: {} };
      return this.last ?? nothing;
    }
    const { device, dma } = session;
    const config = Uint8Array.from({ length: CONFIG_BYTES }, (_, at) =>
      device.configRegister(at, 1),
    );
    const { bytesRead: dmaReadBytes, bytesWritten: dmaWriteBytes, refused: dmaRefused } = dma;
    const counts = { ...device.counts, dmaReadBytes, dmaWriteBytes, dmaRefused };
    return { picture: device.picture(), config, counts };
  }

  /** False: it was asked to close. */
  private answerAll(): boolean {
    this.libc.drain(this.data.wake);
    for (let asked = this.control.take(); asked !== undefined; asked = this.control.take()) {
      if (asked === 'close') {
        return false;
      }
      const answer = asked === 'recorded' ? this.recorder?.save() : this.look()[asked];
      this.control.post({ kind: 'answer', answer });
    }
    return true;
  }
}
