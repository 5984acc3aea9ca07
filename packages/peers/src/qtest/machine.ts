/** A QEMU without a processor's program: its PCI bus is driven from here, by the qtest protocol. */
import {
  type Bdf,
  type Clock,
  formatBdf,
  type Memory,
  type MemoryBacking,
  type Mmio,
  PAGE_BYTES,
  type PciDevice,
} from '@doorbell/abi';
import { closeSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { PeerRun } from '../peer.ts';
import type { Emulator } from '../qemu/emulator.ts';
import { type Inherited, QemuProcess } from '../qemu/process.ts';
import { QemuError } from '../qemu/qemu-error.ts';
import type { Qmp } from '../qemu/qmp.ts';
import { QtestConnection } from './connection.ts';
import { Fifo } from './fifo.ts';
import { GuestMemory, guestPages, mappedBacking } from './guest-memory.ts';
import { IdentityDma } from './identity-dma.ts';
import { Interrupts, QtestIrq } from './interrupts.ts';
import { type MmioParts, QtestMmio } from './mmio.ts';
import { interruptLine, QtestPciBus } from './pci-bus.ts';
import { PolledClock } from './polled-clock.ts';
import { openRam, openRamFile, type RamBytes } from './ram-file.ts';
import { SteppedClock } from './stepped-clock.ts';

export interface QtestOptions {
  readonly emulator: Emulator;
  /** QEMU's `-device` values, each with an `addr=`. */
  readonly devices: readonly string[];
  /** More of QEMU's arguments, before the devices. */
  readonly args?: readonly string[];
  /** What QEMU inherits as descriptors 4, 5 and so on, see `QemuProcess`. */
  readonly descriptors?: readonly Inherited[];
  /** 64 MiB by default. */
  readonly memoryBytes?: number;
  /**
   * `stepped` (the default): QEMU's virtual clock is this machine's, and moves when a task waits:
   * the same run each time. `wall`: the host's time, for devices that live in this process or
   * another one; QEMU's virtual clock stands still, and its own devices' timers never end.
   *
   * An access blocks this thread until QEMU answers it. A device that QEMU asks meanwhile must not
   * live in this thread.
   */
  readonly time?: 'stepped' | 'wall';
}

export interface QtestMachine {
  readonly qemu: QemuProcess;
  /** Each command finds QEMU with all that was written before it done. */
  readonly qmp: Qmp;
  readonly clock: Clock;
  /** The guest's RAM. */
  readonly memory: Memory;
  /** The same RAM as typed arrays, until `close`; absent without koffi. */
  readonly backing: MemoryBacking | undefined;
  /** Functions that answer on bus 0, with their BARs assigned and nothing enabled. */
  readonly functions: readonly Bdf[];
  device(bdf: Bdf): PciDevice;
  /** A window on physical addresses, such as a chipset's registers. */
  window(address: number, bytes: number): Mmio;
  /** Ends QEMU. */
  close(): Promise<void>;
}

const DEFAULT_MEMORY = 64 << 20;
/** Q35 puts what is more above 4 GiB. */
const MOST_MEMORY = 2 ** 31;
/** The first descriptor that `QemuOptions.descriptors` stands for. */
const FIRST_DESCRIPTOR = 4;
/** It ends after so long in any case, and with it an access that nobody answers. In seconds. */
const LIMIT_S = 900;

/** @throws QemuError, PeerUnavailable, RangeError */
export async function startQtestMachine(
  run: Pick<PeerRun, 'signal' | 'folder'>,
  options: QtestOptions,
): Promise<QtestMachine> {
  const size = options.memoryBytes ?? DEFAULT_MEMORY;
  if (size % (1 << 20) !== 0 || size < 2 << 20 || size > MOST_MEMORY) {
    throw new RangeError(`A machine has whole MiB of RAM, 2 to 2048, not ${size} bytes.`);
  }
  const undo: (() => unknown)[] = [];
  try {
    const file = await openRamFile(run.folder, size);
    undo.push(() => closeSync(file));
    const fifo = await Fifo.create(join(run.folder, `qtest-${randomUUID()}`));
    undo.push(() => fifo.close());
    const ram = await openRam(file, size);
    undo.push(() => ram.close());
    const qemu = await QemuProcess.start(options.emulator, {
      args: machineArgs(options, fifo.path, size),
      signal: run.signal,
      limitS: LIMIT_S,
      descriptors: [...(options.descriptors ?? []), file],
    });
    undo.push(() => qemu.close());
    fifo.open();
    return new Qtest({ qemu, fifo, ram, size, options, undo });
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

async function unwind(undo: (() => unknown)[]): Promise<void> {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
    await step();
  }
}

function machineArgs(options: QtestOptions, fifo: string, size: number): string[] {
  const { args = [], devices, descriptors = [] } = options;
  const memory = `/dev/fd/${FIRST_DESCRIPTOR + descriptors.length}`;
  return [
    // Without the PIT no timer runs that nobody asked for.
    ...['-machine', 'q35,memory-backend=mem,hpet=on,pit=off', '-accel', 'qtest'],
    ...['-m', String(size >> 20), '-vga', 'none'],
    ...['-object', `memory-backend-file,id=mem,size=${size},mem-path=${memory},share=on`],
    ...['-chardev', `pipe,id=qtest,path=${fifo.replaceAll(',', ',,')}`],
    ...['-qtest', 'chardev:qtest', '-qtest-log', 'none'],
    ...args,
    ...devices.flatMap((device) => ['-device', device]),
  ];
}

interface QtestParts {
  readonly qemu: QemuProcess;
  readonly fifo: Fifo;
  readonly ram: RamBytes;
  readonly size: number;
  readonly options: QtestOptions;
  readonly undo: (() => unknown)[];
}

class Qtest implements QtestMachine {
  readonly qemu: QemuProcess;
  readonly qmp: Qmp;
  readonly clock: SteppedClock | PolledClock;
  readonly memory: Memory;
  readonly backing: MemoryBacking | undefined;
  readonly functions: readonly Bdf[];
  private readonly mmio: MmioParts;
  private readonly bus: QtestPciBus;
  private readonly undo: (() => unknown)[];

  constructor({ qemu, fifo, ram, size, options, undo }: QtestParts) {
    this.qemu = qemu;
    this.qmp = qemu.qmp;
    const pages = guestPages(size);
    const connection = new QtestConnection(fifo, (line, high) => interrupts.setLine(line, high));
    const settle = (): void => connection.settle();
    const interrupts = new Interrupts(ram, pages.allocate(PAGE_BYTES), PAGE_BYTES, settle);
    connection.ask('irq_intercept_in ioapic');
    this.qmp.settle = settle;
    this.mmio = { connection, interrupts };
    this.memory = new GuestMemory({ ram, size, pages, connection, interrupts });
    this.backing = mappedBacking(ram);
    const ClockOf = options.time === 'wall' ? PolledClock : SteppedClock;
    this.clock = new ClockOf(connection, interrupts);
    this.bus = new QtestPciBus(this.mmio);
    this.functions = this.bus.functions;
    this.undo = undo;
    void qemu.exit.then(() => {
      this.clock.close(new QemuError(`QEMU has ended: ${qemu.said}`));
    });
  }

  device(at: Bdf): PciDevice {
    if (!this.functions.includes(at)) {
      throw new RangeError(`No function answers at ${formatBdf(at)}.`);
    }
    const config = this.bus.config(at);
    return {
      config,
      mapBar: (index) => this.bus.mapBar(at, index),
      memory: this.memory,
      dma: new IdentityDma(this.memory),
      irq: new QtestIrq(this.mmio.interrupts, interruptLine(at, config)),
      clock: this.clock,
    };
  }

  window(address: number, bytes: number): Mmio {
    return new QtestMmio(this.mmio, address, bytes);
  }

  async close(): Promise<void> {
    const closed = new QemuError('The machine was closed.');
    this.mmio.connection.close(closed);
    this.clock.close(closed);
    await unwind(this.undo);
  }
}
