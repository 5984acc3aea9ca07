/**
 * Serves a device to QEMU's x-pci-proxy-dev: configuration space and BARs are ours, each access of
 * the guest is a message that waits for its answer. There is no DMA and no interrupt, see `perform`.
 */
import type { Duplex } from 'node:stream';
import type { Picture } from '@doorbell/guest-driver';
import type { ModelChoice } from '../pci-device/model.ts';
import { type AccessCounts, SocketDevice, unwired } from '../pci-device/socket-device.ts';
import type { PeerRecorder } from '../trace/peer-recorder.ts';
import { perform } from './commands.ts';
import { proxyCommand, proxyReturn } from './messages.ts';
import { ProxyStream } from './proxy-stream.ts';

export class PciProxyServer {
  private readonly socket: Duplex;
  private readonly device: SocketDevice;
  private readonly stream = new ProxyStream();
  private timer: NodeJS.Timeout | undefined;
  private reason: string | undefined;

  /**
   * @param socket  QEMU's proxy is at its other end: `-device x-pci-proxy-dev,fd=N`.
   * @param recorder  see `SocketDeviceOptions`.
   */
  constructor(socket: Duplex, choice: ModelChoice, recorder?: PeerRecorder) {
    this.socket = socket;
    this.device = new SocketDevice(choice, unwired, { recorder, onArmed: () => this.wind() });
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => this.end(error.message));
    socket.on('close', () => this.end('QEMU has gone.'));
  }

  get counts(): AccessCounts {
    return this.device.counts;
  }

  /** Why the connection is over; undefined: it is not. */
  get ended(): string | undefined {
    return this.reason;
  }

  /** What the device shows. */
  picture(): Picture | undefined {
    return this.device.picture();
  }

  /** Ends the connection. */
  close(): void {
    this.end('The server was closed.');
  }

  private receive(chunk: Uint8Array): void {
    try {
      for (const { command, payload } of this.stream.take(chunk)) {
        const value = perform(this.device, command, payload);
        if (value !== undefined) {
          const header = { command: proxyCommand.RETURN, pad: 0, size: value.length };
          this.reply(proxyReturn.encode({ header, value }));
        }
      }
    } catch (error) {
      this.end(error instanceof Error ? error.message : String(error));
    }
  }

  /** Who does not take its answers is not listened to, either. */
  private reply(bytes: Uint8Array): void {
    if (!this.socket.write(bytes) && !this.socket.isPaused()) {
      this.socket.pause();
      this.socket.once('drain', () => this.socket.resume());
    }
  }

  /** Sets the alarm clock for the device's first timer. */
  private wind(): void {
    clearTimeout(this.timer);
    const ms = this.device.deadlines.timeoutMs;
    if (ms >= 0 && this.reason === undefined) {
      this.timer = setTimeout(() => {
        this.device.runTimers();
        this.wind();
      }, ms);
    }
  }

  private end(reason: string): void {
    this.reason ??= reason;
    clearTimeout(this.timer);
    this.socket.destroy();
  }
}
