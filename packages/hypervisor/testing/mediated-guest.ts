/** A host whose bell is mediated, and guests that drive theirs by hand, with no driver between. */
import {
  accessors,
  bdf,
  bellBars,
  bellRegisters,
  channelRegisters,
  channelStates,
  channelWindow,
  doorbellRegisters,
  extract,
  faultName,
  PAGE_BYTES,
  pte,
  type0Header,
} from '@doorbell/abi';
import { Bell } from '@doorbell/device-model';
import { HostBell } from '../src/host-bell/host-bell.ts';
import { Host } from '../src/host.ts';
import { MdevParent } from '../src/mdev/mdev-parent.ts';
import type { MediationOptions } from '../src/mdev/mdev-share.ts';
import type { MediatedBell } from '../src/mdev/mediated-bell.ts';
import { profiles } from '../src/profile.ts';
import { VfioProcess } from '../src/vfio-process.ts';
import type { VfioContainer } from '../src/vfio-container.ts';
import { Vm } from '../src/vm.ts';

const AT = bdf(0, 2, 0);
export const RAM_BYTES = 1 << 20;
export const VRAM_PAGES = 4096;
/** Guest-physical addresses, and GPU virtual ones: of a ring, a fence word, data, and a buffer of packets. */
export const RAM = { ring: 0x10000, fence: 0x11000, data: 0x12000, packets: 0x13000 } as const;
export const VA = { ring: 0x1000, fence: 0x2000, data: 0x3000, packets: 0x4000 } as const;
export const RW = pte.VALID.mask | pte.WRITE.mask;
export const SYSTEM = RW | pte.SYSTEM.mask;

const rates = {
  ...{ packet: 10, fillByte: 0.01, copyByte: 0.01, blitPixel: 0.1 },
  ...{ vertex: 1, triangle: 1, pixel: 0.1, tlbMiss: 10 },
};

export class MediatedHost {
  readonly host: Host;
  readonly model: Bell;
  readonly bell: HostBell;
  readonly parent: MdevParent;
  private guests = 0;

  constructor() {
    const display = { flip: () => undefined };
    this.host = new Host({
      ...{ profile: profiles.get('free')!, display, iommu: 'strict', memoryBytes: 32 << 20 },
    });
    this.model = this.host.plug(
      AT,
      (ports) => new Bell(ports, rates, { vramBytes: VRAM_PAGES * PAGE_BYTES }),
    );
    this.host.enumerate();
    this.bell = new HostBell(this.host, AT);
    this.parent = new MdevParent(this.bell);
  }

  /** A guest with a bell-4, which it has set up. */
  guest(options: MediationOptions = { barRemap: true, shadow: 'lazy' }): MediatedGuest {
    return new MediatedGuest(this, this.guests++, options);
  }

  /** Lets the part work for so long; if it is not said, until nothing is due any more. */
  async settle(ns = 1e9): Promise<void> {
    const { machine, computer } = this.host;
    machine.tasks.spawn(computer.parts.cpu, () => computer.clock.sleep(ns));
    await machine.tasks.run();
  }
}

export class MediatedGuest {
  readonly vm: Vm;
  readonly vgpu: MediatedBell;
  readonly process: VfioProcess;
  readonly container: VfioContainer;
  readonly shown: Uint8Array[] = [];
  readonly registers;
  readonly channel;
  readonly doorbell;
  readonly vram;
  readonly uuid: string;
  private tail = 0;

  constructor(rig: MediatedHost, index: number, options: MediationOptions) {
    const { host, parent } = rig;
    this.uuid = `00000000-0000-0000-0000-00000000000${index}`;
    const device = parent.create('bell-4', this.uuid);
    this.vm = new Vm(host, { name: 'guest', ramBytes: RAM_BYTES, postedInterrupts: false });
    const display = {
      flip: (pixels: Uint8Array) => {
        this.shown.push(pixels.slice());
      },
    };
    const { process, container, vgpu } = this.vm.mediate(AT, device, { ...options, display });
    this.process = process;
    this.container = container;
    this.vgpu = vgpu;
    this.vm.bus.assignBars();
    const port = this.vm.computer.device(AT);
    const { COMMAND } = type0Header.rows;
    const { MEMORY, BUS_MASTER } = COMMAND.bits;
    port.config.write(COMMAND.offset, 2, MEMORY.mask | BUS_MASTER.mask);
    const window = port.mapBar(bellBars.REGISTERS.index);
    this.registers = accessors(bellRegisters, window);
    this.channel = accessors(channelRegisters, window, channelWindow.base);
    this.doorbell = accessors(doorbellRegisters, port.mapBar(bellBars.DOORBELLS.index));
    this.vram = port.mapBar(bellBars.VRAM.index);
    this.setUp();
  }

  /** Directory in page 0, one table in page 1: the first 2 MiB of addresses. */
  private setUp(): void {
    this.registers.CONTROL.write(1);
    this.store(0, 0, PAGE_BYTES + pte.VALID.mask + pte.TABLE.mask);
    this.map(VA.ring, SYSTEM, RAM.ring);
    this.map(VA.fence, SYSTEM, RAM.fence);
    this.map(VA.data, SYSTEM, RAM.data);
    this.map(VA.packets, SYSTEM, RAM.packets);
    this.start();
  }

  start(): void {
    const { channel } = this;
    this.tail = 0;
    channel.RESET.write(1);
    channel.PAGE_ROOT.write(0);
    channel.RING.write(VA.ring);
    channel.RING_SIZE.write(PAGE_BYTES);
    channel.FENCE_ADDRESS.write(VA.fence);
    channel.CONTROL.write(1);
  }

  /** An entry of the page of VRAM that holds the table. */
  map(va: number, flags: number, address: number): void {
    this.store(1, va / PAGE_BYTES, flags + (address % 2 ** 32), Math.floor(address / 2 ** 32));
  }

  store(page: number, entry: number, low: number, high = 0): void {
    this.vram.write(page * PAGE_BYTES + entry * 8, 4, low);
    this.vram.write(page * PAGE_BYTES + entry * 8 + 4, 4, high);
  }

  /** Stores packets behind the last ones, and gives the tail that is behind them. */
  place(packets: readonly number[]): number {
    this.write(RAM.ring + this.tail, packets);
    this.tail += packets.length * 4;
    return this.tail;
  }

  submit(packets: readonly number[]): void {
    this.doorbell.TAIL.write(this.place(packets));
  }

  write(address: number, words: readonly number[]): void {
    this.vm.computer.ram.copyIn(address, new Uint8Array(Uint32Array.from(words).buffer));
  }

  word(address: number): number {
    return this.vm.computer.ram.load32(address);
  }

  get state(): string {
    const value = this.channel.STATUS.read();
    const names = Object.keys(channelStates) as (keyof typeof channelStates)[];
    return names.find((name) => channelStates[name] === value)!;
  }

  /** The reason, or undefined while there is none. */
  get fault(): string | undefined {
    const { REASON } = channelRegisters.rows.FAULT.bits;
    const code = extract(REASON, this.channel.FAULT.read());
    return code === 0 ? undefined : faultName(code);
  }
}
