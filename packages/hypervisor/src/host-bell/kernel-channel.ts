/**
 * A channel of the host's own, on which the kernel has the copy engine clear VRAM: nobody is to see
 * what its last owner left there.
 */
import {
  channelRegisters,
  drawPackets,
  GpuError,
  header,
  PAGE_BYTES,
  pte,
  ringPackets,
  type Stateful,
  type WaitQueue,
} from '@doorbell/abi';
import { cost } from '../profile.ts';
import { Service } from '../service.ts';
import type { BellChannel, HostBell } from './host-bell.ts';
import { GpuPageTable, type GpuPageTableState } from './page-table.ts';

const { CONTROL, INTERRUPT } = channelRegisters.rows;
const FILL = drawPackets.fill;
const FENCE = ringPackets.FENCE;
const FENCE_WORDS = FENCE.fields.length + 1;
/** Pages of its address space: ring, fence word, and from here on what is cleared. */
const RING_PAGE = 1;
const FENCE_PAGE = 2;
const TARGET_PAGE = 512;
/** The most pages that one packet clears: the table entries for them are 32 KiB. */
const MOST_PAGES = 4096;
/** What takes longer is a hang: the part's own watchdog ends it sooner. */
const PATIENCE_NS = 1_000_000_000;
/** Between two looks of a CPU that spins. */
const POLL_NS = 1000;

export interface KernelChannelState {
  readonly channel: number;
  readonly table: GpuPageTableState;
  readonly tail: number;
  readonly sequence: number;
}

export class KernelChannel implements Stateful<KernelChannelState> {
  private readonly bell: HostBell;
  private channel: BellChannel;
  private table: GpuPageTable;
  private readonly interrupted: WaitQueue;
  /** Host RAM: the ring and the fence word. */
  private readonly ring: number;
  private readonly fence: number;
  /** Host RAM, and its IOVA. */
  private readonly mapped: (readonly [number, number])[] = [];
  private tail = 0;
  private sequence = 0;
  /** What a task that clears does here. */
  private readonly service: Service<'begin' | 'hasPassed' | 'restart'>;
  /** One request at a time: the table's entries are for what is cleared now. */
  private readonly turn: WaitQueue;
  private isClearing = false;

  /** @throws GpuError `out-of-memory` */
  constructor(bell: HostBell) {
    const { host } = bell;
    this.bell = bell;
    this.interrupted = host.computer.clock.waitQueue();
    this.turn = host.computer.clock.waitQueue();
    this.service = new Service(host.machine, {
      begin: (page, pages) => {
        this.begin(page, pages);
      },
      hasPassed: () => (this.hasPassed() ? 1 : 0),
      restart: () => {
        this.channel.reset();
        this.start();
      },
    });
    this.channel = bell.takeChannel(() => {
      this.onInterrupt();
    });
    this.table = new GpuPageTable(bell);
    this.ring = host.pages.allocate(PAGE_BYTES);
    this.fence = host.pages.allocate(PAGE_BYTES);
    host.memory.words.fill(0, this.fence / 4, this.fence / 4 + 1);
    host.memory.touched(this.fence, 4);
    this.mapSystem(RING_PAGE, this.ring, 0);
    this.mapSystem(FENCE_PAGE, this.fence, pte.WRITE.mask);
    this.start();
  }

  /** Acknowledged where it is waited for; a fence that passes meanwhile is seen there, too. */
  private onInterrupt(): void {
    this.interrupted.wake();
  }

  private start(): void {
    const { registers } = this.channel;
    registers.PAGE_ROOT.write(this.table.root);
    registers.RING.write(RING_PAGE * PAGE_BYTES);
    registers.RING_SIZE.write(PAGE_BYTES);
    registers.FENCE_ADDRESS.write(FENCE_PAGE * PAGE_BYTES);
    registers.INTERRUPT_ENABLE.write(
      INTERRUPT.bits.FENCE.mask | INTERRUPT.bits.FAULT.mask | INTERRUPT.bits.HANG.mask,
    );
    registers.CONTROL.write(CONTROL.bits.ENABLE.mask);
    this.tail = 0;
  }

  private mapSystem(page: number, address: number, writable: number): void {
    const iova = this.bell.dma.map(address, PAGE_BYTES, writable === 0 ? 'to-device' : 'both');
    this.mapped.push([address, iova]);
    const low = (iova & pte.ADDRESS.mask) | pte.VALID.mask | pte.SYSTEM.mask | writable;
    this.table.write(page, Uint32Array.of(low, Math.floor(iova / 2 ** 32)));
  }

  /** Clears pages of VRAM, one request after the other. @throws GpuError `lost` when the part does not. */
  async clear(page: number, pages: number): Promise<void> {
    await this.turn.until(() => !this.isClearing, 'resource');
    this.isClearing = true;
    try {
      for (let done = 0; done < pages; done += MOST_PAGES) {
        await this.clearPart(page + done, Math.min(MOST_PAGES, pages - done));
      }
    } finally {
      this.isClearing = false;
      this.turn.wake();
    }
  }

  private async clearPart(page: number, pages: number): Promise<void> {
    const { service } = this;
    service.call('begin', page, pages);
    const hasPassed = (): boolean => service.call('hasPassed') === 1;
    if (!(await this.interrupted.until(hasPassed, 'resource', PATIENCE_NS))) {
      service.call('restart');
      throw new GpuError('lost', 'The GPU does not clear its memory.');
    }
  }

  private begin(page: number, pages: number): void {
    const entries = new Uint32Array(pages * 2);
    for (let index = 0; index < pages; index++) {
      entries[index * 2] = (page + index) * PAGE_BYTES + pte.VALID.mask + pte.WRITE.mask;
    }
    this.table.write(TARGET_PAGE, entries);
    this.channel.invalidate();
    this.push(pages);
  }

  /**
   * The same, with a CPU that looks again and again until it is done: for who cannot wait.
   * @throws GpuError `lost`
   */
  clearSpinning(page: number, pages: number): void {
    const { machine } = this.bell.host;
    for (let done = 0; done < pages; done += MOST_PAGES) {
      const part = Math.min(MOST_PAGES, pages - done);
      this.begin(page + done, part);
      const deadline = machine.now + PATIENCE_NS;
      while (!this.hasPassed()) {
        const before = machine.now;
        machine.charge(cost['driver.poll'], 1, POLL_NS);
        if (machine.now === before || machine.now > deadline) {
          throw new GpuError('lost', 'The GPU does not clear its memory.');
        }
      }
    }
  }

  /** Gives back all that it has. Nothing runs. */
  end(): void {
    const { host, dma } = this.bell;
    this.channel.release();
    this.table.destroy();
    for (const [address, iova] of this.mapped) {
      dma.unmap(iova, PAGE_BYTES);
      host.pages.free(address);
    }
  }

  private push(pages: number): void {
    const { host } = this.bell;
    const words = new Uint32Array(FILL.words + FENCE_WORDS);
    words[0] = header(FILL.opcode, FILL.words);
    words[FILL.at.dst] = TARGET_PAGE * PAGE_BYTES;
    words[FILL.at.stride] = PAGE_BYTES;
    words[FILL.at.width] = PAGE_BYTES / 4;
    words[FILL.at.height] = pages;
    words.set([header(FENCE.opcode, FENCE_WORDS), ++this.sequence, 1], FILL.words);
    if (this.tail + words.byteLength >= PAGE_BYTES) {
      this.wrap();
    }
    host.ram.copyIn(this.ring + this.tail, new Uint8Array(words.buffer));
    this.tail += words.byteLength;
    this.channel.ring(this.tail);
  }

  /** A packet does not go round the ring's end: a NOP fills what is left of it. */
  private wrap(): void {
    const rest = (PAGE_BYTES - this.tail) / 4;
    this.bell.host.ram.store32(this.ring + this.tail, header(ringPackets.NOP.opcode, rest));
    this.tail = 0;
  }

  private hasPassed(): boolean {
    const { registers } = this.channel;
    const passed = this.bell.host.ram.load32(this.fence) === this.sequence;
    if (passed) {
      registers.INTERRUPT.write(INTERRUPT.bits.FENCE.mask);
    }
    return passed;
  }

  // ------------------------------------------------------------------------------ state

  save(): KernelChannelState {
    const { channel, table, tail, sequence } = this;
    return { channel: channel.number, table: table.save(), tail, sequence };
  }

  /** The bell is loaded before. Where its ring lies does not change. */
  load({ channel, table, tail, sequence }: KernelChannelState): void {
    this.channel = this.bell.adoptChannel(channel, () => {
      this.onInterrupt();
    });
    this.table = new GpuPageTable(this.bell, table);
    this.tail = tail;
    this.sequence = sequence;
  }
}
