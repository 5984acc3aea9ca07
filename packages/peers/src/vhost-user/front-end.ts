/** The front-end's requests: checked, then done. One function for each, named after it. */
import { type Decoded, type Fields, type Struct, virtioGpuConfig } from '@doorbell/abi';
import type { VirtioGpu } from '@doorbell/pv-backend';
import { isEventfd } from '../native/eventfd.ts';
import type { Libc } from '../native/libc.ts';
import type { DeviceLife } from './device-life.ts';
import { offeredProtocol } from './device-life.ts';
import type { Message } from './inbox.ts';
import type { GuestRange, MemoryTable } from './memory-table.ts';
import {
  configAccess,
  type RequestName,
  requests,
  u64Payload,
  vringAddresses,
  vringFile,
  vringState,
} from './messages.ts';
import { ProtocolViolation, requireThat } from './rule.ts';
import type { Vring } from './vring.ts';

export interface FrontEndParts {
  readonly device: VirtioGpu;
  readonly life: DeviceLife;
  readonly vrings: readonly Vring[];
  readonly memory: MemoryTable;
  readonly libc: Libc;
  readonly onGpuSocket: (socket: number) => void;
  readonly reply: (request: number, payload: Uint8Array) => void;
}

/** The payload of a reply; undefined: an acknowledgement, if it is wanted. */
type Handled = Uint8Array | undefined;
type Handler = (message: Message) => Handled | Promise<Handled>;

/** As QEMU's VHOST_USER_MAX_CONFIG_SIZE. */
const MAX_CONFIG = 256;
/** Bits of a ring's flags: writes are to be logged. */
const LOGS = 1;

export class FrontEnd {
  private readonly parts: FrontEndParts;
  private readonly handlers: ReadonlyMap<number, readonly [RequestName, Handler]>;

  constructor(parts: FrontEndParts) {
    this.parts = parts;
    this.handlers = new Map(
      Object.entries(this.table()).map(([name, handler]) => [
        requests[name as RequestName],
        [name as RequestName, handler],
      ]),
    );
  }

  /** @throws ProtocolViolation */
  async serve(message: Message): Promise<void> {
    const { request } = message;
    const [name, handler] = this.handlers.get(request) ?? [];
    requireThat(name !== undefined, `Request ${request} is not known here.`);
    try {
      const payload = await handler!(message);
      if (payload !== undefined) {
        this.parts.reply(request, payload);
      } else if (message.needsReply) {
        // Also when F_REPLY_ACK was not settled: QEMU does not settle it anew with a backend that
        // takes over, and waits all the same.
        this.parts.reply(request, u64(0n));
      }
    } catch (error) {
      throw error instanceof ProtocolViolation
        ? new ProtocolViolation(`${name}: ${error.message}`)
        : error;
    }
  }

  private table(): Readonly<Record<RequestName, Handler>> {
    const { life, device, memory } = this.parts;
    const ignored: Handler = () => undefined;
    return {
      GET_FEATURES: () => u64(life.offered),
      SET_FEATURES: ({ payload }) => {
        life.setFeatures(decode(u64Payload, payload).value);
        return undefined;
      },
      SET_OWNER: ignored,
      RESET_OWNER: ignored, // "It is recommended that back-ends either ignore this message"
      GET_PROTOCOL_FEATURES: () => u64(offeredProtocol),
      SET_PROTOCOL_FEATURES: ({ payload }) => this.setProtocolFeatures(payload),
      GET_QUEUE_NUM: () => u64(BigInt(device.queues)),
      SET_MEM_TABLE: ({ payload, descriptors }) => {
        memory.set(payload, descriptors, this.inUse);
        return undefined;
      },
      SET_VRING_NUM: ({ payload }) => this.setVringNum(payload),
      SET_VRING_ADDR: ({ payload }) => this.setVringAddr(payload),
      SET_VRING_BASE: ({ payload }) => this.setVringBase(payload),
      GET_VRING_BASE: ({ payload }) => this.getVringBase(payload),
      SET_VRING_KICK: (message) => this.setVringKick(message),
      SET_VRING_CALL: (message) => {
        this.setVringFile(message, (vring, descriptor) => vring.setCall(descriptor));
        return undefined;
      },
      SET_VRING_ERR: (message) => {
        this.setVringFile(message, (vring, descriptor) => vring.setErr(descriptor));
        return undefined;
      },
      SET_VRING_ENABLE: ({ payload }) => this.setVringEnable(payload),
      GET_CONFIG: ({ payload }) => this.getConfig(payload),
      SET_CONFIG: ({ payload }) => this.setConfig(payload),
      GPU_SET_SOCKET: (message) => this.setGpuSocket(message),
      RESET_DEVICE: () => {
        life.reset();
        return undefined;
      },
    };
  }

  private get inUse(): readonly GuestRange[] {
    return this.parts.vrings.flatMap(({ inUse }) => inUse);
  }

  private setProtocolFeatures(payload: Uint8Array): Handled {
    const { value } = decode(u64Payload, payload);
    const unknown = value & ~offeredProtocol;
    requireThat(unknown === 0n, `The features 0x${unknown.toString(16)} were not offered.`);
    return undefined;
  }

  // ------------------------------------------------------------------------------ rings

  private vring(index: number): Vring {
    const vring = this.parts.vrings[index] as Vring | undefined;
    requireThat(vring !== undefined, `There is no queue ${index}.`);
    return vring;
  }

  /** One that is not started. */
  private stoppedVring(index: number): Vring {
    const vring = this.vring(index);
    requireThat(!vring.isStarted, `Queue ${index} is started.`);
    return vring;
  }

  private setVringNum(payload: Uint8Array): Handled {
    const { index, num } = decode(vringState, payload);
    const { maxSize } = this.parts.device.queue(index);
    const vring = this.stoppedVring(index);
    requireThat(
      num > 0 && num <= maxSize && (num & (num - 1)) === 0,
      `A queue of ${num} entries is not a power of two up to ${maxSize}.`,
    );
    vring.size = num;
    return undefined;
  }

  private setVringAddr(payload: Uint8Array): Handled {
    const { index, flags, descriptor, used, available } = decode(vringAddresses, payload);
    requireThat((flags & LOGS) === 0, 'Writes cannot be logged: it was not offered.');
    const { memory } = this.parts;
    this.stoppedVring(index).addresses = {
      descriptors: memory.guestAddress(descriptor),
      driver: memory.guestAddress(available),
      device: memory.guestAddress(used),
    };
    this.parts.life.startIfReady(index);
    return undefined;
  }

  private setVringBase(payload: Uint8Array): Handled {
    const { index, num } = decode(vringState, payload);
    this.parts.life.setBase(this.vring(index), num);
    return undefined;
  }

  private async getVringBase(payload: Uint8Array): Promise<Handled> {
    const { index } = decode(vringState, payload);
    const vring = this.vring(index);
    const num = await this.parts.life.stop(index);
    vring.setKick(undefined);
    return vringState.encode({ index, num });
  }

  private setVringKick(message: Message): Handled {
    const index = this.setVringFile(message, (vring, descriptor) => {
      requireThat(descriptor !== undefined, 'A queue without kicks would have to be polled.');
      vring.setKick(descriptor);
    });
    this.parts.life.startIfReady(index);
    return undefined;
  }

  /** KICK, CALL and ERR have the same payload. Returns the queue's index. */
  private setVringFile(
    { payload, descriptors }: Message,
    set: (vring: Vring, descriptor: number | undefined) => void,
  ): number {
    const value = Number(decode(u64Payload, payload).value & 0xffff_ffffn);
    const index = value & vringFile.INDEX_MASK;
    const isAbsent = (value & vringFile.NO_DESCRIPTOR) !== 0;
    const vring = this.vring(index);
    requireThat(
      descriptors.length === (isAbsent ? 0 : 1),
      `It came with ${descriptors.length} descriptors.`,
    );
    const [descriptor] = descriptors as readonly (number | undefined)[];
    if (descriptor !== undefined) {
      requireThat(isEventfd(descriptor), 'It came with a descriptor that is no eventfd.');
      this.parts.libc.setNonBlocking(descriptor);
    }
    descriptors.length = 0; // the queue's now, whatever becomes of it
    set(vring, descriptor);
    return index;
  }

  private async setVringEnable(payload: Uint8Array): Promise<Handled> {
    const { index, num } = decode(vringState, payload);
    requireThat(num <= 1, `A queue is enabled by 1 and disabled by 0, not by ${num}.`);
    this.vring(index).isEnabled = num === 1;
    if (num === 0) {
      await this.parts.life.stop(index);
    }
    this.parts.life.startIfReady(index);
    return undefined;
  }

  // ------------------------------------------------------------------------------ configuration

  private getConfig(payload: Uint8Array): Handled {
    const { offset, size, flags } = this.configOf(payload);
    const reply = new Uint8Array(configAccess.size + size);
    configAccess.encode({ offset, size, flags }, reply);
    this.parts.device.readConfig(offset, reply.subarray(configAccess.size));
    // Without VIRGL there are none, and a driver that is told of one waits for it.
    const none = configAccess.size + virtioGpuConfig.offsets.num_capsets - offset;
    reply.fill(0, Math.max(configAccess.size, none), Math.max(configAccess.size, none + 4));
    return reply;
  }

  private setConfig(payload: Uint8Array): Handled {
    const { offset, size } = this.configOf(payload);
    const bytes = payload.slice(configAccess.size, configAccess.size + size);
    this.parts.device.writeConfig(offset, bytes);
    return undefined;
  }

  private configOf(payload: Uint8Array): Decoded<(typeof configAccess)['fields']> {
    requireThat(payload.length >= configAccess.size, 'The payload is cut off.');
    const access = configAccess.decode(payload);
    requireThat(
      access.size === payload.length - configAccess.size &&
        access.offset + access.size <= MAX_CONFIG,
      `${access.size} bytes at ${access.offset} of the configuration, in a payload of ${payload.length}.`,
    );
    return access;
  }

  // ------------------------------------------------------------------------------ the display

  private setGpuSocket({ descriptors }: Message): Handled {
    requireThat(descriptors.length === 1, 'It comes with one descriptor.');
    this.parts.onGpuSocket(descriptors.pop()!);
    return undefined;
  }
}

function u64(value: bigint): Uint8Array {
  return u64Payload.encode({ value });
}

/** @throws ProtocolViolation unless it has just the size. */
function decode<F extends Fields>(layout: Struct<F>, payload: Uint8Array): Decoded<F> {
  requireThat(
    payload.length === layout.size,
    `The payload has ${payload.length} bytes, not ${layout.size}.`,
  );
  return layout.decode(payload);
}
