/** One vhost-user connection, from its socket to its end. */
import { deviceStatus, type VirtioHost } from '@doorbell/abi';
import type { VirtioGpu } from '@doorbell/pv-backend';
import { MappedMemory } from '../memory/mapped-memory.ts';
import { CommandTrace } from '../trace/command-trace.ts';
import type { ConnectionCounts, VhostUserConnection, VhostUserParts } from './connection.ts';
import { DeviceLife } from './device-life.ts';
import { FrontEnd } from './front-end.ts';
import { GpuChannel } from './gpu-channel.ts';
import { gpuDisplayInfo, gpuRequests, gpuU64 } from './gpu-messages.ts';
import { Inbox } from './inbox.ts';
import { MemoryTable } from './memory-table.ts';
import { messageFlags, messageHeader } from './messages.ts';
import { requireThat } from './rule.ts';
import { Screen } from './screen.ts';
import { Vring } from './vring.ts';
import { Wakefulness } from './wakefulness.ts';

/** How long the guest waits for a front-end that does not say what its display is like. */
const DISPLAY_INFO_MS = 1000;

export class VhostUserBackend implements VhostUserConnection {
  readonly closed: Promise<string>;
  private readonly parts: VhostUserParts;
  private readonly memory = new MappedMemory();
  private readonly recorded: CommandTrace | undefined;
  private readonly table: MemoryTable;
  private readonly screen: Screen;
  private readonly device: VirtioGpu;
  private readonly vrings: readonly Vring[];
  private readonly frontEnd: FrontEnd;
  private readonly inbox: Inbox;
  private readonly wakefulness = new Wakefulness();
  private channel: GpuChannel | undefined;
  private messages = 0;
  private bytesShown = 0;
  private deviceCounts: Readonly<Record<string, number>> = {};
  private settle!: (reason: string) => void;
  private isEnding = false;
  private readonly abort = (): void => {
    this.end('it was told to end');
  };

  constructor(parts: VhostUserParts) {
    const { libc, socket, backend, signal, recorder } = parts;
    this.parts = parts;
    this.recorded = recorder && new CommandTrace(recorder);
    this.closed = new Promise((resolve) => {
      this.settle = resolve;
    });
    this.table = new MemoryTable(libc, this.memory);
    this.screen = new Screen(() => void this.device.refresh());
    this.device = backend.create(this.host(), this.screen, {
      onCursor: this.screen,
      onScanout: this.screen,
      beforeDisplayInfo: () => this.askDisplayInfo(),
      keepsPixels: true,
      ...(this.recorded && { trace: this.recorded, follower: this.recorded }),
    });
    this.vrings = Array.from({ length: this.device.queues }, (_, index) => this.newVring(index));
    const { device, vrings, table: memory } = this;
    this.frontEnd = new FrontEnd({
      ...{ libc, device, vrings, memory },
      life: new DeviceLife(device, vrings),
      onGpuSocket: (gpuSocket) => this.openChannel(gpuSocket),
      reply: (request, payload) => this.reply(request, payload),
    });
    this.inbox = new Inbox({
      ...{ libc, socket },
      serve: (message) => {
        this.messages++;
        return this.frontEnd.serve(message);
      },
      onEnd: (error) => this.failed(error),
    });
    this.inbox.listen();
    signal?.addEventListener('abort', this.abort);
    if (signal?.aborted === true) {
      this.abort();
    }
  }

  get counts(): ConnectionCounts {
    const sum = (key: 'kicks' | 'calls'): number =>
      this.vrings.reduce((total, vring) => total + vring[key], 0);
    return {
      messages: this.messages,
      kicks: sum('kicks'),
      calls: sum('calls'),
      frames: this.screen.frames,
      updates: this.screen.updates,
      bytesShown: this.bytesShown + (this.channel?.bytesSent ?? 0),
      device: this.isEnding ? this.deviceCounts : this.parts.backend.counts(),
    };
  }

  /** The front-end takes one message after the other: it has answered one that came last. */
  async taken(): Promise<void> {
    await this.screen.settled();
    await this.channel?.ask(gpuRequests.GET_PROTOCOL_FEATURES, gpuU64.size);
  }

  close(): Promise<string> {
    this.end('it was closed here');
    return this.closed;
  }

  // ------------------------------------------------------------------------------ the device

  private host(): VirtioHost {
    const { recorded, memory } = this;
    return {
      memory: recorded?.follow(memory) ?? memory,
      notifyDriver: (queue) => {
        recorded?.called(queue);
        this.vrings[queue].notify();
      },
      configChanged: () => {
        if ((this.device.status & deviceStatus.DEVICE_NEEDS_RESET) !== 0) {
          recorded?.gaveUp(this.device.reason);
          for (const vring of this.vrings) {
            vring.reportError();
          }
        }
      },
    };
  }

  private newVring(index: number): Vring {
    return new Vring({
      libc: this.parts.libc,
      onKick: () => {
        this.recorded?.kicked(index, this.vrings[index].place, (...part) =>
          this.memory.read(...part),
        );
        this.device.notify(index);
        this.wakefulness.extend();
      },
      onError: (error) => this.failed(error),
    });
  }

  private reply(request: number, payload: Uint8Array): void {
    const { libc, socket } = this.parts;
    const flags = messageFlags.VERSION | messageFlags.REPLY;
    const message = new Uint8Array(messageHeader.size + payload.length);
    messageHeader.encode({ request, flags, size: payload.length }, message);
    message.set(payload, messageHeader.size);
    const sent = libc.offer(socket, message);
    requireThat(sent === message.length, 'The front-end does not read its replies.');
  }

  // ------------------------------------------------------------------------------ the display

  private openChannel(socket: number): void {
    this.closeChannel();
    const channel = this.newChannel(socket);
    this.channel = channel;
    void channel.ask(gpuRequests.GET_PROTOCOL_FEATURES, gpuU64.size);
    channel.agree();
    this.screen.attach(channel);
  }

  /** Whoever has it closes the socket, also when there is no watching it. */
  private newChannel(socket: number): GpuChannel {
    const { libc } = this.parts;
    try {
      return new GpuChannel({
        ...{ libc, socket },
        onClear: () => this.screen.push(),
        onEnd: (error) => {
          // QEMU closes it whenever the guest stops the device.
          if (error !== undefined && !isHangUp(error)) {
            this.failed(error);
          }
        },
      });
    } catch (error) {
      libc.close(socket);
      throw error;
    }
  }

  private closeChannel(): void {
    this.screen.attach(undefined);
    this.bytesShown += this.channel?.bytesSent ?? 0;
    this.channel?.close();
    this.channel = undefined;
  }

  /** The device says what the front-end's display is like: also its EDID, which is the device's own. */
  private async askDisplayInfo(): Promise<void> {
    const { channel } = this;
    if (channel === undefined) {
      return;
    }
    const answer = channel.ask(gpuRequests.GET_DISPLAY_INFO, gpuDisplayInfo.size);
    const info = await within(DISPLAY_INFO_MS, answer);
    const mode = info && gpuDisplayInfo.decode(info).pmodes[0];
    if (mode !== undefined && mode.enabled !== 0 && mode.r.width > 0 && mode.r.height > 0) {
      this.resize(mode.r.width, mode.r.height);
    }
  }

  private resize(width: number, height: number): void {
    try {
      this.device.resize(width, height);
    } catch (error) {
      // No EDID can say so: the guest is told of the mode before.
      if (!(error instanceof RangeError)) {
        throw error;
      }
    }
  }

  // ------------------------------------------------------------------------------ the end

  private failed(error: unknown): void {
    if (error === undefined || isHangUp(error)) {
      this.end('the other side has closed it');
    } else {
      this.end(messageOf(error));
    }
  }

  private end(reason: string): void {
    if (this.isEnding) {
      return;
    }
    this.isEnding = true;
    const failures: string[] = [];
    for (const free of this.held()) {
      try {
        free();
      } catch (error) {
        failures.push(`something was not freed: ${messageOf(error)}`);
      }
    }
    void this.closeBackend([reason, ...failures]);
  }

  /** What is to be freed, in this order. One that fails keeps none of the others. */
  private held(): readonly (() => void)[] {
    const { libc, socket, backend, signal } = this.parts;
    return [
      () => {
        this.deviceCounts = backend.counts();
      },
      () => signal?.removeEventListener('abort', this.abort),
      () => this.wakefulness.end(),
      () => this.inbox.close(),
      () => libc.close(socket),
      () => this.closeChannel(),
      () => this.screen.close(),
      ...this.vrings.flatMap((vring) => [
        () => vring.setKick(undefined),
        () => vring.setCall(undefined),
        () => vring.setErr(undefined),
      ]),
      // Before its memory goes: the device reaches for it until it is stopped.
      () => this.device.writeStatus(0),
    ];
  }

  private async closeBackend(reasons: string[]): Promise<void> {
    try {
      await this.parts.backend.close();
    } catch (error) {
      reasons.push(`its device did not end: ${messageOf(error)}`);
    }
    try {
      this.table.clear();
    } catch (error) {
      reasons.push(`its memory was not freed: ${messageOf(error)}`);
    }
    this.settle(reasons.join('; '));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'something was thrown that is no error';
}

function isHangUp(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' || code === 'ECONNRESET';
}

/** Undefined when it takes longer. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([answer, over]);
  } finally {
    clearTimeout(timer);
  }
}
