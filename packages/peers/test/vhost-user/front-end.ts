/**
 * A vhost-user front-end by hand, in this process: it says what QEMU says, or worse. Its guest's
 * RAM is a memfd, mapped here a second time, at guest address 0.
 */
import { Chain, memEntry } from '@doorbell/abi';
import { queueLayout, setupAt, SplitDriverQueue } from '@doorbell/pv-frontend';
import { MappedMemory } from '../../src/memory/mapped-memory.ts';
import type { Libc } from '../../src/native/libc.ts';
import { gpuHeader } from '../../src/vhost-user/gpu-messages.ts';
import {
  memoryRegion,
  memoryTable,
  messageFlags,
  messageHeader,
  type RequestName,
  requests,
  u64Payload,
  vringAddresses,
  vringState,
} from '../../src/vhost-user/messages.ts';

const RAM_BYTES = 16 << 20;
/** Where the front-end has the guest's RAM, as it says. */
export const USER_ADDRESS = 0x7f00_0000_0000n;
/** As QEMU does: it settles a bit that was not offered, RING_RESET. */
const QEMU_FEATURES = 0x101_7000_0000n;
const QUEUE_AT = [0x1000, 0x8000] as const;
const COMMAND_AT = 0x1_0000;
const RESPONSE_AT = 0x2_0000;

export interface GpuMessage {
  readonly request: number;
  readonly payload: Uint8Array;
}

export class ScriptedFrontEnd {
  /** For whoever serves. */
  readonly backendSocket: number;
  readonly ram: Uint8Array;
  readonly memory = new MappedMemory();
  readonly file: number;
  readonly kicks: readonly number[];
  readonly calls: readonly number[];
  queues: SplitDriverQueue[] = [];
  gpuSocket = -1;
  private readonly libc: Libc;
  private readonly socket: number;
  private readonly buffer: ArrayBuffer;
  private isClosed = false;

  constructor(libc: Libc) {
    this.libc = libc;
    [this.socket, this.backendSocket] = libc.socketPair();
    this.file = libc.memfd(RAM_BYTES);
    this.buffer = libc.map(this.file, 0, RAM_BYTES);
    this.ram = new Uint8Array(this.buffer);
    this.memory.setRanges([{ address: 0, buffer: this.buffer }]);
    this.kicks = [libc.eventfd(), libc.eventfd()];
    this.calls = [libc.eventfd(), libc.eventfd()];
  }

  close(): void {
    if (!this.isClosed) {
      this.isClosed = true;
      const all = [this.socket, this.file, ...this.kicks, ...this.calls, this.gpuSocket];
      for (const descriptor of all.filter((each) => each >= 0)) {
        this.libc.close(descriptor);
      }
      this.libc.unmap(this.buffer);
    }
  }

  // ------------------------------------------------------------------------------ messages

  sendRaw(bytes: Uint8Array, descriptors: readonly number[] = []): void {
    this.libc.send(this.socket, bytes, descriptors);
  }

  send(
    name: RequestName,
    payload: Uint8Array = new Uint8Array(),
    descriptors: readonly number[] = [],
    flags: number = messageFlags.VERSION,
  ): void {
    const head = { request: requests[name], flags, size: payload.length };
    this.sendRaw(Buffer.concat([messageHeader.encode(head), payload]), descriptors);
  }

  sendU64(name: RequestName, value: bigint, descriptors: readonly number[] = []): void {
    this.send(name, u64Payload.encode({ value }), descriptors);
  }

  /** The payload of the reply. @throws Error when the connection has ended instead. */
  async ask(
    name: RequestName,
    payload?: Uint8Array,
    descriptors?: readonly number[],
    flags: number = messageFlags.VERSION,
  ): Promise<Uint8Array> {
    this.send(name, payload, descriptors, flags);
    const head = messageHeader.decode(await this.receive(this.socket, messageHeader.size));
    if (head.request !== requests[name] || head.flags !== 5) {
      throw new Error(`The reply to ${name} is ${JSON.stringify(head)}.`);
    }
    return this.receive(this.socket, head.size);
  }

  async askU64(name: RequestName): Promise<bigint> {
    return u64Payload.decode(await this.ask(name)).value;
  }

  private async receive(socket: number, bytes: number): Promise<Uint8Array> {
    const into = new Uint8Array(bytes);
    for (let at = 0; at < bytes;) {
      if ((await this.libc.pollLater([socket], 60_000)).length === 0) {
        throw new Error('Nothing came for 5 s.');
      }
      const received = this.libc.receive(socket, into.subarray(at));
      if (received.bytes === 0) {
        throw new Error('The connection has ended.');
      }
      at += received.bytes;
    }
    return into;
  }

  // ------------------------------------------------------------------------------ as QEMU does it

  memoryPayload(regions = 1): Uint8Array {
    const payload = new Uint8Array(memoryTable.size + regions * memoryRegion.size);
    memoryTable.encode({ regions, padding: 0 }, payload);
    const size = RAM_BYTES / regions;
    for (let index = 0; index < regions; index++) {
      const offset = BigInt(index * size);
      memoryRegion.encode(
        {
          guestAddress: offset,
          size: BigInt(size),
          userAddress: USER_ADDRESS + offset,
          mmapOffset: offset,
        },
        payload,
        memoryTable.size + index * memoryRegion.size,
      );
    }
    return payload;
  }

  /** "realize", and the driver's features. */
  async begin(features = QEMU_FEATURES): Promise<void> {
    await this.askU64('GET_FEATURES');
    await this.askU64('GET_PROTOCOL_FEATURES');
    this.sendU64('SET_PROTOCOL_FEATURES', 0x2209n);
    await this.askU64('GET_QUEUE_NUM');
    this.send('SET_OWNER');
    this.sendU64('SET_FEATURES', features);
    await this.ask('SET_MEM_TABLE', this.memoryPayload(), [this.file], 9);
  }

  /** Queues anew, or as they were left, from `base`. */
  async startQueues(bases: readonly number[] = [0, 0], anew = true): Promise<void> {
    if (anew) {
      this.ram.fill(0, 0, COMMAND_AT);
      this.queues = QUEUE_AT.map((at, index) => this.newQueue(at, [64, 16][index]));
    }
    for (const index of [0, 1]) {
      this.setUpQueue(index, bases[index]);
    }
    for (const index of [0, 1]) {
      await this.ask('SET_VRING_ENABLE', vringState.encode({ index, num: 1 }), [], 9);
    }
  }

  private newQueue(at: number, size: number): SplitDriverQueue {
    const options = { indirect: true, eventIdx: true, inOrder: false };
    return new SplitDriverQueue(this.memory, setupAt(queueLayout(false, size, 0), at), options);
  }

  private setUpQueue(index: number, base: number): void {
    const size = this.queues[index].size;
    const { descriptors, driver, device } = setupAt(queueLayout(false, size, 0), QUEUE_AT[index]);
    const user = (address: number): bigint => USER_ADDRESS + BigInt(address);
    this.send('SET_VRING_NUM', vringState.encode({ index, num: size }));
    this.send('SET_VRING_BASE', vringState.encode({ index, num: base }));
    this.send(
      'SET_VRING_ADDR',
      vringAddresses.encode({
        ...{ index, flags: 0, log: 0n },
        descriptor: user(descriptors),
        used: user(device),
        available: user(driver),
      }),
    );
    this.sendU64('SET_VRING_KICK', BigInt(index), [this.kicks[index]]);
    this.sendU64('SET_VRING_CALL', BigInt(index), [this.calls[index]]);
  }

  async enable(index: number, isEnabled: boolean): Promise<void> {
    const payload = vringState.encode({ index, num: isEnabled ? 1 : 0 });
    await this.ask('SET_VRING_ENABLE', payload, [], 9);
  }

  /** Where a queue's available idx lies. */
  availIdx(index: number): number {
    const layout = queueLayout(false, this.queues[index].size, 0);
    return setupAt(layout, QUEUE_AT[index]).driver + 2;
  }

  async stopQueue(index: number): Promise<number> {
    const reply = await this.ask('GET_VRING_BASE', vringState.encode({ index, num: 0 }));
    return vringState.decode(reply).num;
  }

  // ------------------------------------------------------------------------------ the guest

  /** Makes a command available, without a kick. */
  add(queue: number, command: Uint8Array, responseBytes: number): void {
    const chain = new Chain(4);
    this.ram.set(command, COMMAND_AT);
    chain.push(COMMAND_AT, command.length, false);
    if (responseBytes > 0) {
      chain.push(RESPONSE_AT, responseBytes, true);
    }
    this.queues[queue].add(chain);
  }

  kick(queue: number): void {
    if (this.queues[queue].publish()) {
      this.libc.signal(this.kicks[queue]);
    }
  }

  /** What the device wrote to a response. */
  async used(queue: number): Promise<Uint8Array> {
    for (;;) {
      const id = this.queues[queue].take();
      if (id >= 0) {
        return this.ram.slice(RESPONSE_AT, RESPONSE_AT + this.queues[queue].usedLength);
      }
      if (this.queues[queue].enableNotifications()) {
        const ready = await this.libc.pollLater([this.calls[queue]], 60_000);
        if (ready.length === 0) {
          throw new Error('The device used nothing for 5 s.');
        }
        this.libc.drain(this.calls[queue]);
      }
    }
  }

  async command(command: Uint8Array, responseBytes = 24): Promise<Uint8Array> {
    this.add(0, command, responseBytes);
    this.kick(0);
    return this.used(0);
  }

  /** A scatter list of one entry. */
  entry(address: number, length: number): Uint8Array {
    return memEntry.encode({ addr: BigInt(address), length, padding: 0 });
  }

  // ------------------------------------------------------------------------------ the GPU socket

  openGpuSocket(): void {
    if (this.gpuSocket >= 0) {
      this.libc.close(this.gpuSocket);
    }
    const [ours, theirs] = this.libc.socketPair();
    this.gpuSocket = ours;
    this.send('GPU_SET_SOCKET', undefined, [theirs]);
    this.libc.close(theirs);
  }

  async gpuMessage(): Promise<GpuMessage> {
    const { request, size } = gpuHeader.decode(await this.receive(this.gpuSocket, gpuHeader.size));
    return { request, payload: await this.receive(this.gpuSocket, size) };
  }

  replyGpu(request: number, payload: Uint8Array): void {
    const head = gpuHeader.encode({ request, flags: 4, size: payload.length });
    this.libc.send(this.gpuSocket, Buffer.concat([head, payload]));
  }
}
