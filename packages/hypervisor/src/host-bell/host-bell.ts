/**
 * The host kernel's driver of a bell that the host keeps in order to serve guests with it: it owns
 * the registers, the interrupts, the channels and the VRAM, and hands channels out. What is done
 * with one, it does not know: a mediator runs a guest's channel on it, a backend gives it to a guest
 * to submit to.
 */
import {
  accessors,
  bellBars,
  bellRegisters,
  capabilityIds,
  capabilityOffset,
  channelRegisters,
  channelWindow,
  doorbellRegisters,
  extract,
  GpuError,
  msixCapability,
  msixEntry,
  PAGE_BYTES,
  place,
  type0Header,
  type Accessors,
  type Bdf,
  type DmaMappings,
  type IrqMessage,
  type PciEndpoint,
} from '@doorbell/abi';
import type { Host } from '../host.ts';
import { OutOfMemory, PageAllocator, type PageAllocatorState } from '../page-allocator.ts';
import { cost } from '../profile.ts';
import { HostWindow } from './host-window.ts';

const COMMAND = type0Header.rows.COMMAND;
const { CONTROL, TABLE } = msixCapability.rows;
const ZEROS = new Uint8Array(PAGE_BYTES);

/** A channel of the part, as its owner within the host drives it. */
export interface BellChannel {
  readonly number: number;
  readonly registers: Accessors<typeof channelRegisters.rows>;
  /** Its doorbell. */
  ring(tail: number): void;
  /** Forgets the translations that the part has cached for it. */
  invalidate(): void;
  /** Ends what it runs; it is off. */
  reset(): void;
  /** Resets it, and gives it back. */
  release(): void;
}

export interface HostBellState {
  readonly vram: PageAllocatorState;
  /** Messages of vectors that were ever used, by channel. */
  readonly messages: readonly (readonly [number, IrqMessage])[];
}

export class HostBell {
  readonly at: Bdf;
  readonly host: Host;
  readonly endpoint: PciEndpoint;
  readonly channels: number;
  readonly vramPages: number;
  readonly registers: Accessors<typeof bellRegisters.rows>;
  /** All of VRAM. */
  readonly aperture: HostWindow;
  private readonly window: HostWindow;
  private readonly doorbells: HostWindow;
  private readonly vectors: HostWindow;
  private readonly vectorsAt: number;
  private readonly vram: PageAllocator;
  /** What runs when a channel signals; taken channels only. */
  private readonly handlers = new Map<number, () => void>();
  private readonly messages = new Map<number, IrqMessage>();

  /** Takes the part in hand. @throws GpuError `lost` when it is no bell. */
  constructor(host: Host, at: Bdf) {
    this.host = host;
    this.at = at;
    this.endpoint = host.bus.function(at);
    // 1. It may decode its BARs; nothing is known of what it does.
    this.command(COMMAND.bits.MEMORY.mask);
    this.window = new HostWindow(host, at, bellBars.REGISTERS.index);
    this.doorbells = new HostWindow(host, at, bellBars.DOORBELLS.index);
    this.aperture = new HostWindow(host, at, bellBars.VRAM.index);
    this.vectors = new HostWindow(host, at, bellBars.MSIX.index);
    this.registers = accessors(bellRegisters, this.window);
    if (this.registers.ID.read() !== bellRegisters.rows.ID.reset) {
      throw new GpuError('lost', 'The function is no bell.');
    }
    // 2. It is quiet from here on, so it may reach memory.
    this.registers.RESET.write(bellRegisters.rows.RESET.bits.RESET.mask);
    this.channels = extract(bellRegisters.rows.CAPS.bits.CHANNELS, this.registers.CAPS.read());
    this.vramPages = this.registers.VRAM_PAGES.read();
    this.vram = new PageAllocator(0, this.vramPages * PAGE_BYTES);
    this.command(COMMAND.bits.BUS_MASTER.mask);
    this.vectorsAt = this.enableMsix();
    // 3. Its engines run. No channel is on.
    this.registers.CONTROL.write(bellRegisters.rows.CONTROL.bits.ENABLE.mask);
  }

  /** The host's DMA API for the part. */
  get dma(): DmaMappings {
    return this.host.computer.parts.dmaFor(this.at);
  }

  // ------------------------------------------------------------------------------ channels

  /** @param onInterrupt  runs in the host's interrupt handler. @throws GpuError `out-of-memory` */
  takeChannel(onInterrupt: () => void): BellChannel {
    for (let number = 0; number < this.channels; number++) {
      if (!this.handlers.has(number)) {
        const channel = this.adoptChannel(number, onInterrupt);
        channel.reset();
        this.route(number);
        channel.registers.VECTOR.write(number);
        return channel;
      }
    }
    throw new GpuError('out-of-memory', `All ${this.channels} channels of the GPU are in use.`);
  }

  /** A channel that was taken before the state was saved. */
  adoptChannel(number: number, onInterrupt: () => void): BellChannel {
    const { TLB_INVALIDATE } = bellRegisters.rows;
    const base = channelWindow.base + number * channelWindow.stride;
    const registers = accessors(channelRegisters, this.window, base);
    const doorbell = accessors(doorbellRegisters, this.doorbells, number * PAGE_BYTES);
    const reset = (): void => {
      registers.RESET.write(channelRegisters.rows.RESET.bits.RESET.mask);
      registers.VECTOR.write(number);
    };
    this.handlers.set(number, onInterrupt);
    return {
      number,
      registers,
      ring: (tail) => {
        doorbell.TAIL.write(tail);
      },
      invalidate: () => {
        this.registers.TLB_INVALIDATE.write(place(TLB_INVALIDATE.bits.CHANNEL, number));
      },
      reset,
      release: () => {
        reset();
        this.handlers.delete(number);
      },
    };
  }

  get channelsFree(): number {
    return this.channels - this.handlers.size;
  }

  // ------------------------------------------------------------------------------ VRAM

  /** The first of pages in a row, with whatever was there before; -1: there is no room. */
  allocateVram(pages: number): number {
    try {
      return this.vram.allocate(pages * PAGE_BYTES) / PAGE_BYTES;
    } catch (error) {
      if (error instanceof OutOfMemory) {
        return -1;
      }
      throw error;
    }
  }

  /** Gives back what began at `page`. */
  releaseVram(page: number): void {
    this.vram.free(page * PAGE_BYTES);
  }

  get vramPagesUsed(): number {
    return this.vram.pagesUsed;
  }

  /** Clears pages by the CPU's stores. */
  clearNow(page: number, pages: number): void {
    for (let done = 0; done < pages; done++) {
      this.aperture.writeBlock((page + done) * PAGE_BYTES, ZEROS);
    }
  }

  // ------------------------------------------------------------------------------ interrupts

  /** Gives the channel's vector, whose number is the channel's, a message of the host. */
  private route(number: number): void {
    if (this.messages.has(number)) {
      return;
    }
    const message = this.host.router.request(() => {
      this.interrupted(number);
    });
    this.messages.set(number, message);
    const entry = accessors(msixEntry, this.vectors, this.vectorsAt + number * msixEntry.size);
    // Masked while it is changed: half an address must never be used (PCIe 6.0 §6.1.4.2).
    entry.CONTROL.write(msixEntry.rows.CONTROL.bits.MASK.mask);
    entry.ADDRESS_LO.write(message.address % 2 ** 32);
    entry.ADDRESS_HI.write(Math.floor(message.address / 2 ** 32));
    entry.DATA.write(message.data);
    entry.CONTROL.write(0);
  }

  /** The host's CPU takes it, and runs the handler. */
  private interrupted(number: number): void {
    const { machine } = this.host;
    machine.charge(cost['interrupt.delivery']);
    machine.charge(cost['driver.handler']);
    this.handlers.get(number)?.();
  }

  private enableMsix(): number {
    const { endpoint } = this;
    const at = capabilityOffset(
      (offset, width) => endpoint.configRead(offset, width),
      capabilityIds.MSIX,
    );
    if (at === 0) {
      throw new GpuError('lost', 'The bell has no MSI-X.');
    }
    const control = endpoint.configRead(at + CONTROL.offset, CONTROL.width);
    endpoint.configWrite(at + CONTROL.offset, CONTROL.width, control | CONTROL.bits.ENABLE.mask);
    this.host.machine.charge(cost['config.access'], 3, 1);
    return endpoint.configRead(at + TABLE.offset, TABLE.width) & TABLE.bits.OFFSET.mask;
  }

  private command(mask: number): void {
    const { endpoint } = this;
    const command = endpoint.configRead(COMMAND.offset, COMMAND.width);
    endpoint.configWrite(COMMAND.offset, COMMAND.width, command | mask);
    this.host.machine.charge(cost['config.access'], 2, 1);
  }

  // ------------------------------------------------------------------------------ state

  save(): HostBellState {
    return { vram: this.vram.save(), messages: [...this.messages] };
  }

  /** The host is loaded first. Who has channels adopts them after. */
  load(state: HostBellState): void {
    this.vram.load(state.vram);
    this.handlers.clear();
    this.messages.clear();
    for (const [number, message] of state.messages) {
      this.messages.set(number, message);
      this.host.router.adopt(message, () => {
        this.interrupted(number);
      });
    }
  }
}
