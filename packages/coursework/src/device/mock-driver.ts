/**
 * The driver of a virtio-gpu, right or wrong: it writes what a check says to the device's registers,
 * to split rings word by word, and requests byte by byte. It knows nothing of this project's driver.
 */
import { LinearMemory, type FeatureSet, type QueueSetup } from '@doorbell/abi';
import type { OwnDevice } from '@doorbell/lab';
import { Mismatch } from '../check/mismatch.ts';
import type { DevicePart } from '../part.ts';
import { CheckTime } from '../virtio/check-time.ts';
import { bits, nameOf, setOf, wordAt } from '../virtio/gpu-bytes.ts';
import { must, mustBe } from '../virtio/must.ts';
import { CheckRenderer } from './check-renderer.ts';
import { WatchedMemory } from './watched-memory.ts';

/** §2.1, in the order in which they are set. */
export const status = { FOUND: 1, DRIVEN: 1 | 2, AGREED: 1 | 2 | 8, LIVE: 1 | 2 | 8 | 4 } as const;
export const NEEDS_RESET = 64;
export const CONTROL = 0;
export const CURSOR = 1;
const QUEUE_SIZE = 16;
/** The mode that the display prefers, in pixels. */
export const WIDTH = 320;
export const HEIGHT = 200;
/** For backings: a check's own. The memory ends behind them. */
export const PAGES = 0x8_0000;
export const RAM_BYTES = 0x10_0000;

/** Of each queue, one page: the descriptor table, and behind it both rings. */
const RINGS = 0x1000;
const RING_BYTES = 0x1000;
const AVAIL = 0x400;
const USED = 0x800;
/** A request and, behind it, the room for its response: one place for each first descriptor. */
const SLOTS = 0x1_0000;
const SLOT_BYTES = 0x1000;
const RESPONSE = 0x800;
/** What is there before the device writes. */
export const POISON = 0xee;
/** What is not answered after so long is not answered. In nanoseconds. */
const SOON_NS = 10_000_000;

/** All but other rings than split ones, and how they notify. */
const understood = setOf(
  ...[bits.VIRGL, bits.EDID, bits.RESOURCE_UUID, bits.RESOURCE_BLOB, bits.CONTEXT_INIT],
  ...[bits.VERSION_1, bits.ACCESS_PLATFORM, bits.RING_RESET],
);

/** A request that the device was given. */
export interface Sent {
  readonly queue: number;
  /** Its chain's first descriptor. */
  readonly head: number;
  /** Bytes that the device may write, and where. */
  readonly room: number;
  readonly responseAt: number;
}

interface Ring {
  readonly setup: QueueSetup;
  /** The first descriptor of the next chain. */
  next: number;
  /** Entries of the used ring that were looked at. */
  seen: number;
  /** By head: the length that the device said. */
  readonly used: Map<number, number>;
}

export class MockDriver {
  readonly time = new CheckTime();
  readonly renderer = new CheckRenderer();
  readonly watched = new WatchedMemory(new ArrayBuffer(RAM_BYTES));
  /** The same bytes, as the driver's own CPU reaches them. */
  readonly memory = new LinearMemory(this.watched.bytes.buffer);
  readonly device: OwnDevice;
  /** Used buffer notifications, by queue. */
  readonly notified = [0, 0];
  configChanges = 0;
  private readonly rings: Ring[] = [];
  /** What tasks of the device threw. */
  private readonly thrown: unknown[] = [];

  constructor({ open }: DevicePart) {
    const { renderer, watched: memory } = this;
    const { clock } = this.time;
    const spawn = (body: () => Promise<void>): void => {
      body().catch((error: unknown) => this.thrown.push(error));
    };
    this.device = open(
      {
        memory,
        notifyDriver: (queue) => this.notified[queue]++,
        configChanged: () => this.configChanges++,
      },
      { renderer, clock, spawn, width: WIDTH, height: HEIGHT },
    );
  }

  /** @throws Mismatch when a task of the device ended with an error. */
  mustBeWhole(): void {
    if (this.thrown.length > 0) {
      throw new Mismatch('no task of the device to throw', String(this.thrown[0]));
    }
  }

  // ------------------------------------------------------------------------------ §3.1.1

  /** Up to FEATURES_OK. */
  negotiate(features: FeatureSet = understood & this.device.features): void {
    const { device } = this;
    device.writeStatus(0);
    device.writeStatus(status.FOUND);
    device.writeStatus(status.DRIVEN);
    device.driverFeatures = features;
    device.writeStatus(status.AGREED);
  }

  /** All of it. @throws Mismatch when the device does not go live. */
  start(features?: FeatureSet): void {
    this.negotiate(features);
    mustBe('the status after FEATURES_OK', status.AGREED, this.device.status);
    this.setUpQueue(CONTROL);
    this.setUpQueue(CURSOR);
    this.device.writeStatus(status.LIVE);
    mustBe('the status after DRIVER_OK', status.LIVE, this.device.status);
  }

  setUpQueue(queue: number, size = QUEUE_SIZE): void {
    const base = RINGS + queue * RING_BYTES;
    const setup = { size, descriptors: base, driver: base + AVAIL, device: base + USED };
    this.memory.bytes.fill(0, base, base + RING_BYTES);
    this.rings[queue] = { setup, next: 0, seen: 0, used: new Map() };
    this.device.setQueue(queue, setup);
    this.device.enableQueue(queue);
  }

  // ------------------------------------------------------------------------------ requests

  /** Makes a request available, and does not notify. */
  send(request: Uint8Array, { queue = CONTROL, room = 1200 } = {}): Sent {
    const ring = this.rings[queue];
    const { size, descriptors } = ring.setup;
    const head = ring.next;
    ring.next = (ring.next + 2) % size;
    const at = SLOTS + (queue * QUEUE_SIZE + head) * SLOT_BYTES;
    const responseAt = at + RESPONSE;
    this.memory.bytes.set(request, at);
    this.memory.bytes.fill(POISON, responseAt, responseAt + SLOT_BYTES - RESPONSE);
    this.describe(descriptors, head, at, request.length, room > 0 ? 1 : 0, head + 1);
    this.describe(descriptors, head + 1, responseAt, room, 2, 0);
    this.makeAvailable(queue, head);
    return { queue, head, room, responseAt };
  }

  /** A descriptor (§2.7.5); of the flags 1 is NEXT, 2 is WRITE. */
  private describe(
    table: number,
    index: number,
    address: number,
    bytes: number,
    flags: number,
    next: number,
  ): void {
    const at = table + 16 * index;
    this.memory.store32(at, address);
    this.memory.store32(at + 4, 0);
    this.memory.store32(at + 8, bytes);
    this.memory.store16(at + 12, flags);
    this.memory.store16(at + 14, next);
  }

  /** Puts any number into the available ring (§2.7.6). @param by  how far idx goes; right is 1. */
  makeAvailable(queue: number, head: number, by = 1): void {
    const { driver, size } = this.rings[queue].setup;
    const idx = this.memory.load16(driver + 2);
    this.memory.store16(driver + 4 + 2 * (idx % size), head);
    this.memory.store16(driver + 2, (idx + by) & 0xffff);
  }

  /** Notifies, and lets the device do what it does soon. */
  async kick(queue = CONTROL): Promise<void> {
    this.device.notify(queue);
    await this.time.until(() => false, SOON_NS);
  }

  /** What the device has written as the response; undefined: the request was not returned. */
  answer({ queue, head, responseAt }: Sent): Uint8Array | undefined {
    const length = this.usedLength(queue, head);
    return length === undefined
      ? undefined
      : this.memory.bytes.slice(responseAt, responseAt + length);
  }

  /** The length in the used ring (§2.7.8); undefined: it is not in there. */
  usedLength(queue: number, head: number): number | undefined {
    const ring = this.rings[queue];
    const { device, size } = ring.setup;
    for (; ring.seen !== this.memory.load16(device + 2); ring.seen = (ring.seen + 1) & 0xffff) {
      const at = device + 4 + 8 * (ring.seen % size);
      ring.used.set(this.memory.load32(at), this.memory.load32(at + 4));
    }
    return ring.used.get(head);
  }

  /** A request to its end. @throws Mismatch when it is not answered. */
  async ask(request: Uint8Array, options: { readonly room?: number } = {}): Promise<Uint8Array> {
    const sent = this.send(request, options);
    this.device.notify(CONTROL);
    await this.time.until(() => this.answer(sent) !== undefined);
    const answer = this.answer(sent);
    this.rings[CONTROL].used.delete(sent.head);
    if (answer === undefined) {
      const why = this.device.reason === '' ? '' : `: ${this.device.reason}`;
      throw new Mismatch(`an answer to ${nameOf(wordAt(request, 0))}`, `none${why}`);
    }
    return answer;
  }

  /** The response to each of some requests has this type. @throws Mismatch */
  async mustAnswer(type: number, ...requests: readonly Uint8Array[]): Promise<void> {
    for (const request of requests) {
      const seen = nameOf(wordAt(await this.ask(request), 0));
      const what = `${nameOf(type)} to ${nameOf(wordAt(request, 0))}`;
      must(seen === nameOf(type), what, seen);
    }
  }

  /** A request is answered with an error, whichever (§5.7.6.7). @throws Mismatch */
  async mustRefuse(what: string, request: Uint8Array): Promise<void> {
    const type = wordAt(await this.ask(request), 0);
    must(type >= 0x1200 && type <= 0x1205, `${what} to be answered with an error`, nameOf(type));
  }

  /** Pixels in the memory for backings, byte by byte: all different. */
  paint(bytes: number): Uint8Array {
    const pixels = Uint8Array.from({ length: bytes }, (_, index) => (index * 7 + 1) & 0xff);
    this.memory.bytes.set(pixels, PAGES);
    return pixels;
  }
}
