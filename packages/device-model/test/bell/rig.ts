/**
 * bell on a fake host, set up as a driver would: decoding and bus mastering on, page tables in
 * VRAM, rings, a message for each vector. Offsets, opcodes and bits are the datasheet's, typed by
 * hand.
 *
 * Every channel n sees, by GPU virtual address:
 *   0x10000  its ring, a page of VRAM
 *   0x20000  its fence page, RAM at (n + 1) × 0x1000
 *   0x30000  a page of VRAM that must not be written
 *   0x40000  16 pages of RAM, from 0xc0000 on
 *   0x100000 256 pages of VRAM in a row, which all channels share
 */
import { Bell, type BellOptions } from '../../src/bell/bell.ts';
import type { EngineRates } from '../../src/bell/rates.ts';
import { FakeHost } from '../fake-host.ts';

export const RING = 0x10000;
export const RING_SIZE = 0x1000;
export const FENCE = 0x20000;
export const READ_ONLY = 0x30000;
export const SYSTEM = 0x40000;
export const DATA = 0x100000;
/** Where SYSTEM and DATA are. */
export const SYSTEM_RAM = 0xc0000;
export const DATA_VRAM = 0x200000;

const VALID = 1;
const WRITE = 2;
const ON_BUS = 4;
const TABLE = 8;

/** Registers of a channel. */
export const reg = {
  CONTROL: 0x00,
  RESET: 0x04,
  STATUS: 0x08,
  PAGE_ROOT: 0x0c,
  RING: 0x10,
  RING_SIZE: 0x14,
  HEAD: 0x18,
  TAIL: 0x1c,
  FENCE_ADDRESS: 0x20,
  FENCE: 0x24,
  INTERRUPT: 0x28,
  INTERRUPT_ENABLE: 0x2c,
  VECTOR: 0x30,
  FAULT: 0x34,
  FAULT_ADDRESS: 0x38,
  FAULT_PACKET: 0x3c,
} as const;

export const state = { IDLE: 0, RUNNABLE: 1, RUNNING: 2, FAULTED: 3, HUNG: 4 } as const;

/** One nanosecond for each thing, and 100 for each packet. */
export const rates: EngineRates = {
  packet: 100,
  fillByte: 1,
  copyByte: 1,
  blitPixel: 1,
  vertex: 1,
  triangle: 1,
  pixel: 1,
  tlbMiss: 0,
};

export const nop = (words = 1): number[] => [
  ((words << 16) | 0x00) >>> 0,
  ...new Array<number>(Math.max(words - 1, 0)).fill(0xdead),
];
export const indirect = (address: number, words: number): number[] => [0x00030001, address, words];
export const fence = (value: number, interrupt = 0): number[] => [0x00030002, value, interrupt];
export const wait = (address: number, value: number): number[] => [0x00030003, address, value];
/** Takes 100 ns and `bytes` more. */
export const fill = (to: number, bytes: number, value: number): number[] => [
  ...[0x00060010, to, bytes, bytes / 4, 1, value],
];
export const copy = (to: number, from: number, bytes: number): number[] => [
  ...[0x00070011, to, bytes, from, bytes, bytes, 1],
];

export class Rig {
  readonly host = new FakeHost();
  readonly bell: Bell;
  private readonly tails = new Map<number, number>();

  constructor(options: BellOptions = {}, engines: EngineRates = rates) {
    this.bell = new Bell(this.host, engines, { vramBytes: 4 << 20, ...options });
    this.host.attach(this.bell);
    this.bell.configWrite(0x04, 2, 0x0006);
    this.bell.configWrite(0x52, 2, 0x8000);
    for (let vector = 0; vector < 129; vector++) {
      this.bell.barWrite(4, vector * 16, 4, 0xfee00000);
      this.bell.barWrite(4, vector * 16 + 8, 4, vector);
      this.bell.barWrite(4, vector * 16 + 12, 4, 0);
    }
    this.write(0x010, 1);
  }

  /** A register of the function. */
  read(offset: number): number {
    return this.bell.barRead(0, offset, 4);
  }

  write(offset: number, value: number): void {
    this.bell.barWrite(0, offset, 4, value);
  }

  get(channel: number, offset: number): number {
    return this.read(0x4000 + channel * 0x80 + offset);
  }

  set(channel: number, offset: number, value: number): void {
    this.write(0x4000 + channel * 0x80 + offset, value);
  }

  vram(address: number): number {
    return this.bell.barRead(2, address, 4);
  }

  setVram(address: number, ...words: number[]): void {
    words.forEach((word, index) => {
      this.bell.barWrite(2, address + index * 4, 4, word);
    });
  }

  ram(address: number): number {
    return new DataView(this.host.ram.buffer).getUint32(address, true);
  }

  setRam(address: number, ...words: number[]): void {
    words.forEach((word, index) => {
      new DataView(this.host.ram.buffer).setUint32(address + index * 4, word, true);
    });
  }

  /** Where the page directory and the one table of a channel are in VRAM. */
  directory(channel: number): number {
    return 0x10000 + channel * 0x3000;
  }

  table(channel: number): number {
    return this.directory(channel) + 0x1000;
  }

  ringAt(channel: number): number {
    return this.directory(channel) + 0x2000;
  }

  /** Maps pages below 2 MiB. */
  map(channel: number, va: number, target: number, pages: number, flags: number): void {
    for (let page = 0; page < pages; page++) {
      const at = this.table(channel) + ((va >>> 12) + page) * 8;
      this.setVram(at, (target + page * 0x1000) | flags, 0);
    }
  }

  /** Sets a channel up and turns it on. Its vector is its number. */
  start(channel: number): void {
    this.setVram(this.directory(channel), this.table(channel) | VALID | TABLE, 0);
    this.map(channel, RING, this.ringAt(channel), 1, VALID);
    this.map(channel, FENCE, (channel + 1) * 0x1000, 1, VALID | WRITE | ON_BUS);
    this.map(channel, READ_ONLY, 0x1f0000, 1, VALID);
    this.map(channel, SYSTEM, SYSTEM_RAM, 16, VALID | WRITE | ON_BUS);
    this.map(channel, DATA, DATA_VRAM, 256, VALID | WRITE);
    this.set(channel, reg.PAGE_ROOT, this.directory(channel) / 0x1000);
    this.set(channel, reg.RING, RING);
    this.set(channel, reg.RING_SIZE, RING_SIZE);
    this.set(channel, reg.FENCE_ADDRESS, FENCE);
    this.set(channel, reg.INTERRUPT_ENABLE, 7);
    this.set(channel, reg.VECTOR, channel);
    this.set(channel, reg.CONTROL, 1);
    this.tails.set(channel, 0);
  }

  /** Writes packets to the ring, from where it ended. */
  push(channel: number, ...packets: number[][]): void {
    const words = packets.flat();
    const tail = this.tails.get(channel) ?? 0;
    words.forEach((word, index) => {
      this.setVram(this.ringAt(channel) + ((tail + index * 4) % RING_SIZE), word);
    });
    this.tails.set(channel, (tail + words.length * 4) % RING_SIZE);
  }

  /** Rings the doorbell with the end of what was pushed, or with any tail. */
  ring(channel: number, tail = this.tails.get(channel) ?? 0): void {
    this.bell.barWrite(1, channel * 0x1000, 4, tail);
  }

  /** Pushes and rings. */
  submit(channel: number, ...packets: number[][]): void {
    this.push(channel, ...packets);
    this.ring(channel);
  }

  reset(channel: number): void {
    this.set(channel, reg.RESET, 1);
  }

  state(channel: number): number {
    return this.get(channel, reg.STATUS);
  }

  /** Reason, opcode, address, packet. */
  fault(channel: number): number[] {
    const fault = this.get(channel, reg.FAULT);
    return [
      fault & 0xff,
      fault >>> 8,
      this.get(channel, reg.FAULT_ADDRESS),
      this.get(channel, reg.FAULT_PACKET),
    ];
  }

  /** Data of the messages so far: the vectors. */
  get vectors(): number[] {
    return this.host.messages.map(({ data }) => data);
  }
}
