/** A computer with edu in it, bare metal or virtual, that notes what its driver does to the device. */
import { bdf, eduRegisters, type Mmio, type PciDevice } from '@doorbell/abi';
import { BochsDisplay, Edu as EduModel } from '@doorbell/device-model';
import {
  Host,
  profiles,
  totalExits,
  Vm,
  type Computer,
  type DeviceModel,
} from '@doorbell/hypervisor';
import { alteredMmio } from '@doorbell/lab';
import { together } from '../check/together.ts';
import { Borrowed } from '../driver/borrowed.ts';
import { Mismatch } from '../check/mismatch.ts';

const AT = bdf(0, 3, 0);
const MEMORY_BYTES = 16 << 20;
const GUEST_BYTES = 4 << 20;
/** How many accesses a failure shows. */
const SHOWN = 8;

export interface Access {
  readonly what: 'read' | 'write';
  readonly register: string;
  readonly value: number;
}

export interface EduMachineOptions {
  /** Whether every access to a register traps, because the device is a model in a virtual machine. */
  readonly virtual?: boolean;
  /** Whether another device sits where edu is looked for. */
  readonly other?: boolean;
}

export class EduMachine {
  /** Of the driver, to registers, oldest first. */
  readonly accesses: Access[] = [];
  readonly borrowed: Borrowed;
  private readonly host: Host;
  private readonly computer: Computer;

  constructor({ virtual = false, other = false }: EduMachineOptions = {}) {
    const [profile] = profiles.values();
    const display = { flip: () => {} };
    // edu reaches 28 bits of addresses, and the DMA API of an IOMMU gives higher ones.
    this.host = new Host({ profile, display, memoryBytes: MEMORY_BYTES, iommu: 'off' });
    const make = (ports: ConstructorParameters<typeof EduModel>[0]): DeviceModel =>
      other ? new BochsDisplay(ports) : new EduModel(ports);
    if (virtual) {
      this.host.enumerate();
      const options = { name: 'guest', ramBytes: GUEST_BYTES, postedInterrupts: false };
      const vm = new Vm(this.host, options);
      vm.emulate(AT, make, (_bar, size) => [{ kind: 'trapped', offset: 0, size }], display);
      vm.bus.assignBars();
      this.computer = vm.computer;
    } else {
      this.host.plug(AT, make);
      this.host.enumerate();
      this.computer = this.host.computer;
    }
    const device = this.computer.device(AT);
    this.borrowed = new Borrowed({
      ...device,
      mapBar: (index) => this.noted(device.mapBar(index)),
    });
  }

  /** What a driver is handed. */
  get device(): PciDevice {
    return this.borrowed.device;
  }

  get exits(): number {
    return totalExits(this.host.machine.counts);
  }

  /** In nanoseconds of virtual time. */
  get now(): number {
    return this.host.machine.now;
  }

  /** The function's command register. */
  get command(): number {
    return this.computer.device(AT).config.read(4, 2);
  }

  /** Runs code that uses the device, until it ends. @throws what it throws; with the last accesses, where it is a Mismatch */
  async run(body: (machine: this) => Promise<void>): Promise<void> {
    const { tasks } = this.host.machine;
    tasks.spawn(this.computer.parts.cpu, () => body(this));
    try {
      await tasks.run();
    } catch (error) {
      throw error instanceof Mismatch
        ? new Mismatch(error.expected, `${error.seen}${this.lastAccesses()}`)
        : error instanceof Error && error.name === 'Deadlock'
          ? new Mismatch('the driver to end its wait', `it waits for ever${this.lastAccesses()}`)
          : error;
    }
  }

  /** Several calls at once. @throws what the first that fails throws */
  together<T>(calls: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
    const { parts, clock } = this.computer;
    return together({ machine: this.host.machine, cpu: parts.cpu, clock }, calls);
  }

  private lastAccesses(): string {
    const last = this.accesses
      .slice(-SHOWN)
      .map(({ what, register, value }) => `${what} ${register} 0x${value.toString(16)}`);
    return last.length === 0 ? '' : `. The last accesses: ${last.join(', ')}`;
  }

  private noted(mmio: Mmio): Mmio {
    const note = (what: Access['what'], offset: number, value: number): void => {
      this.accesses.push({ what, register: registerAt(offset), value });
    };
    return alteredMmio(mmio, {
      read: (offset, width) => {
        const value = mmio.read(offset, width);
        note('read', offset, value);
        return value;
      },
      write: (offset, width, value) => {
        note('write', offset, value);
        mmio.write(offset, width, value);
      },
    });
  }
}

function registerAt(offset: number): string {
  const { names, rows } = eduRegisters;
  return names.find((name) => rows[name].offset === offset) ?? `offset 0x${offset.toString(16)}`;
}
