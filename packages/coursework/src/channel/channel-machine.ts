/** A channel of bell that is set up on bare metal, a page that its packets reach, and who drives it. */
import {
  accessors,
  channelRegisters,
  channelWindow,
  commands,
  doorbellRegisters,
  header,
  PAGE_BYTES,
  type Mmio,
  type PciDevice,
} from '@doorbell/abi';
import { AddressSpace, Channel, DmaBuffer, takeInHand, Undo } from '@doorbell/guest-driver/bell';
import { alteredMmio } from '@doorbell/lab';
import type { Bench } from '../check/bench.ts';
import { referenceGpu } from '../gpu/target.ts';
import type { ChannelPart } from '../part.ts';
import type { ChannelDriver } from './channel-driver.ts';

const NUMBER = 0;
const VECTOR = 1;
const RING_BYTES = PAGE_BYTES;

export interface ChannelBody {
  readonly driver: ChannelDriver;
  readonly machine: ChannelMachine;
  /** Several calls at once, each of a task of its own. */
  readonly together: Bench['together'];
}

/** Runs code on a channel that a part drives. @throws what it throws, and what ended the run */
export function onChannel(
  { open }: ChannelPart,
  bench: Bench,
  firstFence: number,
  body: (running: ChannelBody) => Promise<void>,
): Promise<void> {
  let running: ChannelBody | undefined;
  const own = {
    driver: async (port: PciDevice) => {
      const machine = new ChannelMachine(port, firstFence);
      return {
        // The application is the check: what it sees of the GPU is the channel, and not this.
        open: async () => {
          running = {
            ...{ machine, driver: machine.open(open) },
            together: (calls) => bench.together(calls),
          };
          return referenceGpu();
        },
        remove: () => {
          machine.remove();
        },
      };
    },
  };
  return bench.onStack('native', own, async () => {
    if (running !== undefined) {
      await body(running);
    }
  });
}

class ChannelMachine {
  readonly ringBytes = RING_BYTES;
  /** GPU virtual address of a page that packets may write. */
  readonly target: number;
  /** Of the driver, to registers of the channel and its doorbell. */
  accesses = 0;
  doorbells = 0;
  private readonly port: PciDevice;
  private readonly undo = new Undo();
  private readonly page: DmaBuffer;
  private readonly ring: DmaBuffer;
  private readonly fence: DmaBuffer;
  private readonly channel: Channel;
  private readonly windows: { readonly registers: Mmio; readonly doorbells: Mmio };
  private readonly firstFence: number;
  private driver: ChannelDriver | undefined;
  private readonly start: () => void;

  constructor(port: PciDevice, firstFence: number) {
    const { undo } = this;
    const device = takeInHand(port, undo);
    const space = new AddressSpace(device.aperture, device.vram, () => {});
    undo.push(() => {
      space.destroy();
    });
    const buffer = (direction: 'to-device' | 'from-device', contents?: Uint8Array): DmaBuffer => {
      const made = new DmaBuffer(port, space, PAGE_BYTES, direction, contents);
      undo.push(() => {
        made.free();
      });
      return made;
    };
    this.port = port;
    this.firstFence = firstFence;
    this.page = buffer('from-device');
    this.ring = buffer('to-device');
    const before = Uint32Array.of(firstFence - 1);
    this.fence = buffer('from-device', new Uint8Array(before.buffer));
    this.target = this.page.va;
    this.windows = { registers: device.window, doorbells: device.doorbells };
    this.channel = new Channel(NUMBER, device.window, device.doorbells);
    undo.push(
      device.msix.route(VECTOR, () => {
        this.driver?.interrupt();
      }),
    );
    this.start = () => {
      this.channel.reset();
      this.channel.start({
        ...{ pageRoot: space.root, ring: this.ring.va, ringSize: RING_BYTES },
        ...{ fence: this.fence.va, vector: VECTOR },
      });
    };
    this.start();
    undo.push(() => {
      this.channel.stop();
    });
  }

  open(open: ChannelPart['open']): ChannelDriver {
    const { memory, clock } = this.port;
    const counted = (mmio: Mmio, count: (isWrite: boolean) => void): Mmio =>
      alteredMmio(mmio, {
        read: (offset, width) => {
          count(false);
          return mmio.read(offset, width);
        },
        write: (offset, width, value) => {
          count(true);
          mmio.write(offset, width, value);
        },
      });
    const registers = counted(this.windows.registers, () => this.accesses++);
    const doorbells = counted(this.windows.doorbells, () => this.doorbells++);
    return (this.driver = open({
      registers: accessors(
        channelRegisters,
        registers,
        channelWindow.base + NUMBER * channelWindow.stride,
      ),
      doorbell: accessors(doorbellRegisters, doorbells, NUMBER * PAGE_BYTES),
      ...{ memory, clock, firstFence: this.firstFence },
      ring: { address: this.ring.address, bytes: RING_BYTES },
      fence: this.fence.address,
      restart: this.start,
    }));
  }

  remove(): void {
    this.undo.run();
  }

  // --------------------------------------------------------------------------- for checks

  /** Packets that write a word of the page. */
  store(index: number, value: number): Uint32Array {
    const { fill } = commands;
    return Uint32Array.of(header(fill.opcode, 6), this.target + 4 * index, 4, 1, 1, value);
  }

  /** Packets that write the whole page so many times: work that takes long. */
  long(times: number): Uint32Array {
    const { fill } = commands;
    const one = [header(fill.opcode, 6), this.target, PAGE_BYTES, PAGE_BYTES / 4, 1, 0];
    return Uint32Array.from(Array.from({ length: times }, () => one).flat());
  }

  /** Packets that lead where no page is. */
  faulting(): Uint32Array {
    const { fill } = commands;
    return Uint32Array.of(header(fill.opcode, 6), 0xffff_f000, 4, 1, 1, 0);
  }

  word(index: number): number {
    return this.port.memory.load32(this.page.address + 4 * index);
  }

  /** What the last fence that passed has written. */
  get fenceWord(): number {
    return this.port.memory.load32(this.fence.address);
  }

  /** Why the channel would interrupt now. */
  get causes(): number {
    return accessors(
      channelRegisters,
      this.windows.registers,
      channelWindow.base + NUMBER * channelWindow.stride,
    ).INTERRUPT.read();
  }
}
