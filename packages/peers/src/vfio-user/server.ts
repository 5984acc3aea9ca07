/**
 * Serves a device by vfio-user, in a thread of its own: a driver of this process may wait for an
 * access of the device's registers, and QEMU for our answer.
 */
import { Worker } from 'node:worker_threads';
import type { Picture } from '@doorbell/guest-driver';
import { loadLibc, type Libc } from '../native/libc.ts';
import type { ModelChoice } from '../pci-device/model.ts';
import type { PeerRecord } from '../trace/peer-recorder.ts';
import type { Answers, FromThread, Question, ThreadData } from './control.ts';

export interface VfioUserOptions {
  /** Where it listens: a path of a Unix socket, which is free. */
  readonly path: string;
  readonly choice: ModelChoice;
  /** False: memory of the device is not mapped into the guest, each access is a message. */
  readonly maps?: boolean;
  /** True: accesses are recorded, by messages and not by a mapping. */
  readonly records?: boolean;
}

type Waiting = (answer: Answers[Question] | undefined) => void;

export class VfioUserServer {
  readonly path: string;
  /** Why each connection that is over ended; undefined: the client closed it. */
  readonly endings: (string | undefined)[] = [];
  private readonly libc: Libc;
  private readonly thread: Worker;
  private readonly wake: number;
  private readonly waiting: Waiting[] = [];
  private readonly over: Promise<void>;
  private isOver = false;

  /** Resolves once it listens. @throws PeerUnavailable, or what the thread failed of */
  static async start(options: VfioUserOptions): Promise<VfioUserServer> {
    const libc = await loadLibc();
    const server = new VfioUserServer(libc, options);
    try {
      await server.listening();
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  private constructor(libc: Libc, { path, choice, maps = true, records = false }: VfioUserOptions) {
    this.libc = libc;
    this.path = path;
    this.wake = libc.eventfd();
    const workerData: ThreadData = { path, choice, maps, records, wake: this.wake };
    this.thread = new Worker(new URL('./device-program.mjs', import.meta.url), { workerData });
    this.thread.on('message', (message: FromThread) => this.hear(message));
    this.thread.on('error', (error) => this.endings.push(String(error)));
    this.over = new Promise((resolve) => {
      this.thread.once('exit', () => {
        this.isOver = true;
        for (const answer of this.waiting.splice(0)) {
          answer(undefined);
        }
        resolve();
      });
    });
  }

  private listening(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.thread.once('error', reject);
      this.thread.once('exit', () => reject(new Error('The thread of the device has ended.')));
      this.thread.once('message', () => resolve());
    });
  }

  private hear(message: FromThread): void {
    if (message.kind === 'answer') {
      this.waiting.shift()?.(message.answer);
    } else if (message.kind === 'ended') {
      this.endings.push(message.violation);
    }
  }

  /** Undefined, too, when the thread has ended. */
  private ask<Q extends Question>(question: Q): Promise<Answers[Q] | undefined> {
    return new Promise((resolve) => {
      if (this.isOver) {
        resolve(undefined);
        return;
      }
      this.waiting.push(resolve as Waiting);
      this.thread.postMessage(question);
      this.libc.signal(this.wake);
    });
  }

  /** QEMU's `-device` value for a device of this server. */
  deviceArgument(id: string, slot: number): string {
    const socket = { type: 'unix', path: this.path };
    return JSON.stringify({ driver: 'vfio-user-pci', id, socket, addr: slot.toString(16) });
  }

  /** What the device shows; undefined: it is dark. Without a client: what it showed last. */
  picture(): Promise<Picture | undefined> {
    return this.ask('picture');
  }

  /** Configuration space as our model has it: 256 bytes. */
  config(): Promise<Uint8Array | undefined> {
    return this.ask('config');
  }

  async counts(): Promise<Readonly<Record<string, number>>> {
    return (await this.ask('counts')) ?? {};
  }

  /** What was recorded until now; undefined: nobody does. */
  recorded(): Promise<PeerRecord | undefined> {
    return this.ask('recorded');
  }

  /** Ends the thread and what connection it has. */
  async close(): Promise<void> {
    void this.ask('close');
    await this.over;
    this.libc.close(this.wake);
  }
}
