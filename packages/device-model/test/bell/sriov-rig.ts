/**
 * Two virtual functions of one bell, each driven as a guest would: decoding by the PF's VF_MSE,
 * bus mastering and MSI-X on, page tables in its own VRAM. Offsets are the datasheet's and those
 * of PCI Express 6.0 §9.3.3, typed by hand; the capability stands at 0x120.
 */
import { Bell, type BellVirtualFunction } from '../../src/index.ts';
import { FakeHost } from '../fake-host.ts';
import { rates, reg, RING, RING_SIZE } from './rig.ts';

const SRIOV = 0x120;
export const sriov = {
  CONTROL: SRIOV + 0x08,
  NUM_VFS: SRIOV + 0x10,
  OFFSET: SRIOV + 0x14,
  PAGE_SIZE: SRIOV + 0x20,
  BAR: SRIOV + 0x24,
} as const;
export const VF_ENABLE = 1;
export const VF_MSE = 8;
export const ARI = 16;

/** Every VF has these; where its channel 0 finds its tables, its ring and its data. */
export const VF_CHANNELS = 2;
export const VF_PAGES = 256;
const DIRECTORY = 0x1000;
const TABLE = 0x2000;
const RING_AT = 0x3000;
const DATA_AT = 0x8000;
/** GPU virtual addresses: 16 pages of the VF's VRAM from its page 8 on, and a page of RAM. */
export const DATA = 0x100000;
export const SYSTEM = 0x200000 - 0x1000;

/** One VF with its own host. */
export class VfRig {
  readonly host = new FakeHost();
  readonly vf: BellVirtualFunction;
  private tail = 0;

  constructor(bell: Bell, index: number) {
    this.vf = bell.virtualFunction(index, this.host);
    this.takeInHand();
  }

  /** As a driver does after each reset. */
  takeInHand(): void {
    const { vf } = this;
    this.tail = 0;
    vf.configWrite(0x04, 2, 0x0004);
    vf.configWrite(0x52, 2, 0x8000);
    vf.barWrite(4, 0, 4, 0xfee00000);
    vf.barWrite(4, 12, 4, 0);
    this.write(0x010, 1);
    this.setVram(DIRECTORY, TABLE | 9, 0);
    this.map(RING, RING_AT | 1);
    for (let page = 0; page < 16; page++) {
      this.map(DATA + page * 0x1000, (DATA_AT + page * 0x1000) | 3);
    }
    this.map(SYSTEM, 0x5000 | 7);
    this.set(reg.PAGE_ROOT, DIRECTORY / 0x1000);
    this.set(reg.RING, RING);
    this.set(reg.RING_SIZE, RING_SIZE);
    this.set(reg.INTERRUPT_ENABLE, 7);
    this.set(reg.CONTROL, 1);
  }

  /** An entry of the table of channel 0. */
  map(va: number, low: number, high = 0): void {
    this.setVram(TABLE + (va >>> 12) * 8, low, high);
  }

  read(offset: number): number {
    return this.vf.barRead(0, offset, 4);
  }

  write(offset: number, value: number): void {
    this.vf.barWrite(0, offset, 4, value);
  }

  get(register: number): number {
    return this.read(0x4000 + register);
  }

  set(register: number, value: number): void {
    this.write(0x4000 + register, value);
  }

  setVram(at: number, ...words: number[]): void {
    words.forEach((word, index) => {
      this.vf.barWrite(2, at + index * 4, 4, word);
    });
  }

  /** A word of what DATA maps. */
  data(offset: number): number {
    return this.vf.barRead(2, DATA_AT + offset, 4);
  }

  submit(...packets: number[][]): void {
    for (const word of packets.flat()) {
      this.setVram(RING_AT + this.tail, word);
      this.tail = (this.tail + 4) % RING_SIZE;
    }
    this.vf.barWrite(1, 0, 4, this.tail);
  }
}

export class SriovRig {
  readonly host = new FakeHost();
  readonly bell: Bell;

  constructor() {
    this.bell = new Bell(this.host, rates, { vramBytes: 4 << 20, sriov: true });
    this.host.attach(this.bell);
    this.bell.configWrite(0x04, 2, 0x0006);
  }

  /** The quota of function `n`: channels, pages, microseconds. */
  quota(n: number, channels: number, pages: number, quantum = 1000): void {
    [channels, pages, quantum].forEach((value, index) => {
      this.bell.barWrite(0, 0x1000 + n * 0x10 + index * 4, 4, value);
    });
  }

  quotaOf(n: number): number[] {
    return [0, 4, 8].map((at) => this.bell.barRead(0, 0x1000 + n * 0x10 + at, 4));
  }

  /** Turns on so many VFs, of equal quotas, and gives the first two. */
  enable(count = 2, quantum = 1000): [VfRig, VfRig] {
    for (let n = 1; n <= count; n++) {
      this.quota(n, VF_CHANNELS, VF_PAGES, quantum);
    }
    this.bell.configWrite(sriov.NUM_VFS, 2, count);
    this.bell.configWrite(sriov.CONTROL, 2, VF_ENABLE | VF_MSE | ARI);
    return [new VfRig(this.bell, 1), new VfRig(this.bell, 2)];
  }
}
