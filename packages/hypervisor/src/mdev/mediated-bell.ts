/**
 * The vGPU: a bell as one guest sees it, on its share of a bell that the host keeps. Its function is
 * emulated; its channels are mediated, each on a physical one; its VRAM is a part of the physical one.
 */
import {
  allOnes,
  bellBars,
  bellIds,
  channelRegisters,
  channelWindow,
  doorbellRegisters,
  msixLayout,
  PAGE_BYTES,
  VECTORS,
  type AccessWidth,
  type DeviceHost,
  type Stateful,
} from '@doorbell/abi';
import {
  ALL_WIDTHS,
  flip,
  FunctionRegisters,
  PciFunction,
  type BarRegion,
  type FunctionState,
} from '@doorbell/device-model';
import type { HostBell } from '../host-bell/host-bell.ts';
import type { BarPart } from '../pci-bus.ts';
import type { VfioContainer } from '../vfio-container.ts';
import { GuestVram } from './guest-vram.ts';
import type { MdevShare, MediationOptions } from './mdev-share.ts';
import { MediatedChannel, type MediatedChannelState } from './mediated-channel.ts';
import { MediatedMemory, type MediatedMemoryState } from './mediated-memory.ts';
import type { MediationKind } from './mediation-policy.ts';
import { mediationKind } from './mediations.ts';
import { SnapshotPool, type SnapshotPoolState } from './snapshot-pool.ts';
import { TableBudget } from './table-budget.ts';

/** Where the capabilities of a bell stand. */
const capabilities = { PM: 0x40, MSIX: 0x50, PCIE: 0x60, SERIAL: 0x100 } as const;
const SERIAL_HIGH = 0xbe110000;
/** Pages of the host's RAM for audited commands, for each eighth of the GPU. */
const SNAPSHOT_PAGES = 1024;

export interface MediatedBellParts {
  readonly bell: HostBell;
  readonly share: MdevShare;
  readonly container: VfioContainer;
  readonly options: MediationOptions;
}

export interface MediatedBellState {
  readonly pci: FunctionState;
  readonly registers: Uint32Array;
  readonly mastered: boolean;
  readonly memory: MediatedMemoryState;
  readonly pool: SnapshotPoolState;
  readonly tablePages: number;
  readonly channels: readonly MediatedChannelState[];
}

export class MediatedBell extends PciFunction implements Stateful<MediatedBellState> {
  private readonly kind: MediationKind;
  /** Whether the guest reaches VRAM directly, where nothing has to trap. */
  private readonly mapsVram: boolean;
  private readonly share: MdevShare;
  private readonly vram: GuestVram;
  private readonly memory: MediatedMemory;
  private readonly budget: TableBudget;
  private readonly pool: SnapshotPool;
  private readonly channels: readonly MediatedChannel[];
  private readonly registers: FunctionRegisters;
  /** Pages of VRAM whose stores trap, because they hold page tables. */
  private protectedPages: ReadonlySet<number> = new Set();
  /** Whether the guest let the device reach its RAM when it was last looked at. */
  private mastered = false;
  private isEnded = false;

  /** @throws GpuError `out-of-memory` when the GPU has not so many channels left. */
  constructor(host: DeviceHost, { bell, share, container, options }: MediatedBellParts) {
    super(host, bellIds);
    this.kind = mediationKind(options.shadow);
    this.mapsVram = options.barRemap && this.kind.traps !== 'everything';
    this.share = share;
    this.vram = new GuestVram(bell, share.vram);
    this.budget = new TableBudget(share.tablePages);
    this.pool = new SnapshotPool(bell, SNAPSHOT_PAGES * share.units);
    this.memory = new MediatedMemory(bell, container, (address, bytes) => {
      this.channels.forEach((channel) => {
        channel.dropMemory(address, bytes);
      });
    });
    this.registers = this.newRegisters();
    this.channels = Array.from({ length: share.channels }, () => this.newChannel(bell));
    this.addPowerManagement(capabilities.PM);
    this.addBars();
    this.addPcie(capabilities.PCIE);
    this.addSerial(capabilities.SERIAL, 1, SERIAL_HIGH);
  }

  private newChannel(bell: HostBell): MediatedChannel {
    const { vram, memory, budget, pool, kind } = this;
    return new MediatedChannel({
      ...{ bell, vram, memory, budget, pool, kind },
      masters: () => this.masters(),
      functionEnabled: () => this.registers.isEnabled,
      signal: (vector) => {
        this.signal(vector);
      },
      tablesChanged: () => {
        this.protectTables();
      },
    });
  }

  /** Pages of the guest's RAM that are pinned for it. */
  get pinnedPages(): number {
    return this.memory.pinned;
  }

  /** Pages of the host that its page tables and its commands take. */
  get hostPages(): { readonly tables: number; readonly snapshots: number } {
    return { tables: this.budget.pagesUsed, snapshots: this.pool.pagesUsed };
  }

  // ------------------------------------------------------------------------------ BARs

  private addBars(): void {
    const { REGISTERS, DOORBELLS, VRAM, MSIX } = bellBars;
    const narrow = { is64: false, prefetchable: false };
    const { vram } = this;
    this.addBar({
      ...{ ...REGISTERS, ...narrow },
      regions: [this.registers.region(), this.channelRegion()],
      unclaimed: (offset) => {
        this.registers.reserved(offset);
      },
    });
    this.addBar({ ...DOORBELLS, ...narrow, regions: [this.doorbellRegion()] });
    this.addBar({
      ...{ index: VRAM.index, size: atLeast(vram.bytes), is64: true, prefetchable: true },
      memory: vram.memory,
    });
    const { table, pending } = msixLayout;
    const regions = this.addMsix(capabilities.MSIX, VECTORS, MSIX.index, table, pending);
    this.addBar({ ...MSIX, ...narrow, regions });
  }

  /** Which parts of a BAR the guest reaches directly: of VRAM what is its own and no page table. */
  barParts(bar: number, size: number): readonly BarPart[] {
    if (bar !== bellBars.VRAM.index || !this.mapsVram) {
      return [{ kind: 'trapped', offset: 0, size }];
    }
    const parts: BarPart[] = [];
    const { bytes, busAddress } = this.vram;
    const add = (kind: 'mapped' | 'trapped', from: number, to: number): void => {
      if (to > from) {
        parts.push({ kind, offset: from, size: to - from, onBus: busAddress + from });
      }
    };
    let from = 0;
    for (const page of [...this.protectedPages].sort((a, b) => a - b)) {
      add('mapped', from, page * PAGE_BYTES);
      add('trapped', page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
      from = (page + 1) * PAGE_BYTES;
    }
    add('mapped', from, bytes);
    add('trapped', bytes, size);
    return parts;
  }

  /** Where they are to trap, stores to page tables do from here on; to what holds none any more, they do not. */
  private protectTables(): void {
    if (this.kind.traps === 'nothing') {
      return;
    }
    const pages = new Set(this.channels.flatMap((channel) => [...channel.tablePages()]));
    const { protectedPages } = this;
    const isSame =
      pages.size === protectedPages.size && [...pages].every((page) => protectedPages.has(page));
    if (!isSame) {
      this.protectedPages = new Set([...pages].filter((page) => page < this.vram.pages));
      this.host.decodeChanged();
    }
  }

  private channelRegion(): BarRegion {
    const { base, stride } = channelWindow;
    const { channels } = this;
    return {
      base,
      size: (bellBars.DOORBELLS.size / PAGE_BYTES) * stride,
      widths: ALL_WIDTHS,
      read: (offset, width) => {
        const channel = channels.at(Math.floor(offset / stride));
        return channel === undefined || !isRegister(offset % stride, width)
          ? allOnes(width)
          : channel.read(offset % stride);
      },
      write: (offset, width, value) => {
        const channel = channels.at(Math.floor(offset / stride));
        if (channel === undefined || !isRegister(offset % stride, width)) {
          this.registers.reserved(base + offset);
        } else {
          channel.write(offset % stride, value >>> 0);
        }
      },
    };
  }

  /** Always trapped: what a doorbell sets going is read first. */
  private doorbellRegion(): BarRegion {
    const { TAIL } = doorbellRegisters.rows;
    const at = (offset: number): MediatedChannel | undefined =>
      offset % PAGE_BYTES === TAIL.offset ? this.channels.at(offset / PAGE_BYTES) : undefined;
    return {
      base: 0,
      size: bellBars.DOORBELLS.size,
      widths: [TAIL.width],
      read: (offset, width) => (at(offset) === undefined ? allOnes(width) : 0),
      write: (offset, _width, value) => {
        at(offset)?.doorbell(value >>> 0);
      },
    };
  }

  override barRead(bar: number, offset: number, width: AccessWidth): number {
    return this.trapsVram(bar, offset, width)
      ? this.vram.read(offset, width)
      : super.barRead(bar, offset, width);
  }

  override barWrite(bar: number, offset: number, width: AccessWidth, value: number): void {
    if (!this.trapsVram(bar, offset, width)) {
      super.barWrite(bar, offset, width, value);
      return;
    }
    this.vram.write(offset, width, value);
    const page = Math.floor(offset / PAGE_BYTES);
    if (this.protectedPages.has(page)) {
      this.channels.forEach((channel) => {
        channel.tableWritten(page, offset % PAGE_BYTES);
      });
    }
  }

  /** Whether the access came here by an exit, for the host to do. */
  private trapsVram(bar: number, offset: number, width: AccessWidth): boolean {
    return (
      bar === bellBars.VRAM.index &&
      this.barMemory(bar) !== undefined &&
      offset >= 0 &&
      offset + width <= this.vram.bytes &&
      (!this.mapsVram || this.protectedPages.has(Math.floor(offset / PAGE_BYTES)))
    );
  }

  // ------------------------------------------------------------------------------ the function

  override configWrite(offset: number, width: AccessWidth, value: number): void {
    super.configWrite(offset, width, value);
    if (this.masters() !== this.mastered) {
      this.mastered = this.masters();
      this.channels.forEach((channel) => {
        channel.mastersChanged();
      });
    }
  }

  private newRegisters(): FunctionRegisters {
    const { share } = this;
    return new FunctionRegisters(this.host, {
      channels: () => share.channels,
      vramPages: () => share.vram.pages,
      // Of its own channels: what others do is not its business.
      isBusy: () => this.channels.some(({ isBusy }) => isBusy),
      control: () => {
        this.channels.forEach((channel) => {
          channel.update();
        });
      },
      reset: () => {
        this.onReset();
      },
      invalidate: (number) => {
        const { channels } = this;
        const flushed = number === undefined ? channels : channels.slice(number, number + 1);
        flushed.forEach((channel) => {
          channel.flush();
        });
      },
      flip: () => {
        this.flip();
      },
      signal: (vector) => {
        this.signal(vector);
      },
    });
  }

  /** Its own screen. */
  private flip(): void {
    const registers = this.registers.file;
    const { display, trace } = this.host;
    flip({ registers, vram: this.vram.memory, display, trace, counts: { flips: 0 } });
  }

  /** VRAM keeps its contents. */
  protected onReset(): void {
    this.channels.forEach((channel) => {
      channel.reset();
    });
    this.registers.file.reset();
  }

  onTimer(): void {
    // It has none: the physical part works.
  }

  /** The device is closed, whatever the guest was doing: nothing of it runs, or is pinned. */
  end(): void {
    if (!this.isEnded) {
      this.isEnded = true;
      this.channels.forEach((channel) => {
        channel.end();
      });
      this.memory.close();
      this.pool.close();
    }
  }

  // ------------------------------------------------------------------------------ state

  save(): MediatedBellState {
    return {
      pci: this.saveFunction(),
      registers: this.registers.file.save(),
      mastered: this.mastered,
      memory: this.memory.save(),
      pool: this.pool.save(),
      tablePages: this.budget.pagesUsed,
      channels: this.channels.map((channel) => channel.save()),
    };
  }

  /** The host, and its driver of the physical part, are loaded first. */
  load(state: MediatedBellState): void {
    this.loadFunction(state.pci);
    this.registers.file.load(state.registers);
    this.mastered = state.mastered;
    this.memory.load(state.memory);
    this.pool.load(state.pool);
    this.budget.load(state.tablePages);
    state.channels.forEach((channel, index) => {
      this.channels[index].load(channel);
    });
    this.protectTables();
  }
}

/** The size of a BAR that holds so many bytes. */
function atLeast(bytes: number): number {
  let size = 1;
  while (size < bytes) {
    size *= 2;
  }
  return size;
}

function isRegister(offset: number, width: AccessWidth): boolean {
  const index = channelRegisters.indexAt(offset);
  return index >= 0 && channelRegisters.rows[channelRegisters.names[index]].width === width;
}
