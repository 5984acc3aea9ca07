/**
 * Interrupts of a function that a user has: vfio-pci programs the function with messages of the
 * host, and signals the user's trigger (an eventfd) when one arrives
 * (drivers/vfio/pci/vfio_pci_intrs.c). One kind at a time: INTx, MSI or MSI-X.
 */
import { capabilityIds, type IrqMessage, type PciEndpoint, type0Header } from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { EventFd } from './event-fd.ts';
import { FunctionMessages, type MessageKind } from './function-messages.ts';
import type { HostIrq } from './message-router.ts';
import { findCapability } from './pci-function.ts';

/** VFIO_PCI_*_IRQ_INDEX. */
export const irqIndexes = { INTX: 0, MSI: 1, MSIX: 2, ERR: 3, REQ: 4 } as const;

/** VFIO_DEVICE_GET_IRQ_INFO. All of them signal eventfds. */
export interface IrqInfo {
  readonly count: number;
  readonly isMaskable: boolean;
  /** It masks itself when it signals. */
  readonly isAutoMasked: boolean;
  /** To have more vectors, it must be turned off first. */
  readonly isNoResize: boolean;
}

const irqNumbers: ReadonlySet<number> = new Set(Object.values(irqIndexes));

const COMMAND = type0Header.rows.COMMAND;

export interface VfioInterruptsState {
  readonly active: number;
  readonly vectors: readonly (readonly [number, IrqMessage])[];
  readonly hasLine: boolean;
}

export class VfioInterrupts {
  private readonly endpoint: PciEndpoint;
  private readonly host: HostIrq;
  private readonly messages: FunctionMessages;
  /** Which index is in use; -1 for none. */
  private active = -1;
  /** Messages of the host, by vector. */
  private readonly vectors = new Map<number, IrqMessage>();
  private readonly triggers = new Map<number, EventFd>();
  private lineFd: EventFd | undefined;
  private unmaskFd: EventFd | undefined;
  /** Those of ERR and REQ. */
  private readonly singles = new Map<number, EventFd>();
  private readonly isPcie: boolean;

  constructor(endpoint: PciEndpoint, host: HostIrq) {
    this.endpoint = endpoint;
    this.host = host;
    this.messages = new FunctionMessages(endpoint);
    this.isPcie = findCapability(endpoint, capabilityIds.PCIE) !== 0;
  }

  /** @throws VfioError EINVAL no such index, or none of a device that is not PCI Express. */
  info(index: number): IrqInfo {
    const isLine = index === irqIndexes.INTX;
    if (!irqNumbers.has(index) || (index === irqIndexes.ERR && !this.isPcie)) {
      throw new VfioError('EINVAL', `There is no interrupt index ${index}.`);
    }
    return {
      count: this.count(index),
      isMaskable: isLine,
      isAutoMasked: isLine,
      isNoResize: !isLine && index !== irqIndexes.MSIX,
    };
  }

  /** How many vectors there are; 0 when the function lacks the kind. */
  count(index: number): number {
    switch (index) {
      case irqIndexes.INTX:
        return this.endpoint.configRead(type0Header.rows.INTERRUPT_PIN.offset, 1) === 0 ? 0 : 1;
      case irqIndexes.MSI:
        return this.messages.count('MSI');
      case irqIndexes.MSIX:
        return this.messages.count('MSIX');
      case irqIndexes.ERR:
        return this.isPcie ? 1 : 0;
      default:
        return index === irqIndexes.REQ ? 1 : 0;
    }
  }

  /** Whether INTx, MSI or MSI-X, by its index, is the one that is on. */
  isActive(index: number): boolean {
    return this.active === index;
  }

  get isOff(): boolean {
    return this.active < 0;
  }

  /** What vectors from `start` on signal; undefined for nothing. The kind is on from here on. */
  setTriggers(index: number, start: number, fds: readonly (EventFd | undefined)[]): void {
    this.active = index;
    fds.forEach((fd, offset) => {
      if (index === irqIndexes.INTX) {
        this.setLine(fd);
      } else {
        this.setVector(start + offset, fd);
      }
    });
    this.setEnabled(true);
  }

  /** Signals a vector's trigger as if the function had (loopback). */
  signal(vector: number): void {
    const fd = this.active === irqIndexes.INTX ? this.lineFd : this.triggers.get(vector);
    fd?.signal();
  }

  /** The trigger of ERR or REQ, which are not the function's but the kernel's. */
  single(index: number): EventFd | undefined {
    return this.singles.get(index);
  }

  setSingle(index: number, fd: EventFd | undefined): void {
    if (fd === undefined) {
      this.singles.delete(index);
    } else {
      this.singles.set(index, fd);
    }
  }

  /** Whether the vector has a trigger. */
  has(vector: number): boolean {
    return this.vectors.has(vector);
  }

  maskLine(): void {
    this.setLineMask(true);
  }

  /** INTx masks itself each time it triggers. While the function still asks, it triggers again. */
  unmaskLine(): void {
    this.setLineMask(false);
  }

  /** The line is unmasked whenever `fd` is signalled; undefined for never. */
  unmaskBy(fd: EventFd | undefined): void {
    this.unmaskFd?.listen(undefined);
    this.unmaskFd = fd;
    fd?.listen(() => {
      this.unmaskLine();
    });
  }

  /** Turns the kind that is on off, and gives the host's messages back. */
  disable(): void {
    if (this.active < 0) {
      return;
    }
    this.setEnabled(false);
    for (const vector of [...this.vectors.keys()]) {
      this.setVector(vector, undefined);
    }
    this.setLine(undefined);
    this.active = -1;
  }

  /** Programs the function again, after a reset. */
  restore(): void {
    for (const [vector, message] of this.vectors) {
      this.program(vector, message);
    }
    if (this.active >= 0) {
      this.setEnabled(true);
    }
  }

  /** Where the MSI-X table lies: the user may not reach it. Undefined when there is none. */
  get table(): FunctionMessages['table'] {
    return this.messages.table;
  }

  private setVector(vector: number, fd: EventFd | undefined): void {
    const old = this.vectors.get(vector);
    if (old !== undefined) {
      this.vectors.delete(vector);
      this.triggers.delete(vector);
      this.program(vector, undefined);
      this.host.release(old);
    }
    if (fd !== undefined) {
      const message = this.host.request(() => {
        fd.signal();
      });
      this.vectors.set(vector, message);
      this.triggers.set(vector, fd);
      this.program(vector, message);
    }
  }

  private program(vector: number, message: IrqMessage | undefined): void {
    const kind = this.kind();
    if (kind !== undefined) {
      this.messages.program(kind, vector, message);
    }
  }

  private setEnabled(on: boolean): void {
    const kind = this.kind();
    if (kind !== undefined) {
      this.messages.enable(kind, on);
    }
  }

  /** Undefined when it is INTx, or none. */
  private kind(): MessageKind | undefined {
    return this.active === irqIndexes.MSI
      ? 'MSI'
      : this.active === irqIndexes.MSIX
        ? 'MSIX'
        : undefined;
  }

  private setLine(fd: EventFd | undefined): void {
    if (this.lineFd !== undefined) {
      this.lineFd = undefined;
      this.unmaskBy(undefined);
      this.host.releaseLine();
    }
    if (fd !== undefined) {
      // First: with the mask gone, a function that asks for service already triggers at once.
      this.connectLine(fd);
      this.setLineMask(false);
    }
  }

  private connectLine(fd: EventFd): void {
    this.lineFd = fd;
    this.host.requestLine(() => {
      // Level-triggered: masked until the user has served it (VFIO_IRQ_INFO_AUTOMASKED).
      this.setLineMask(true);
      fd.signal();
    });
  }

  private setLineMask(masked: boolean): void {
    const { endpoint } = this;
    const { mask } = COMMAND.bits.INTX_DISABLE;
    const command = endpoint.configRead(COMMAND.offset, 2);
    endpoint.configWrite(COMMAND.offset, 2, masked ? command | mask : command & ~mask);
  }

  save(): VfioInterruptsState {
    return { active: this.active, vectors: [...this.vectors], hasLine: this.lineFd !== undefined };
  }

  /** The function and the host's interrupts are loaded first. `triggerOf` makes the triggers again. */
  load(state: VfioInterruptsState, triggerOf: (vector: number) => EventFd): void {
    this.active = state.active;
    this.vectors.clear();
    this.triggers.clear();
    for (const [vector, message] of state.vectors) {
      const fd = triggerOf(vector);
      this.vectors.set(vector, message);
      this.triggers.set(vector, fd);
      this.host.adopt(message, () => {
        fd.signal();
      });
    }
    if (this.lineFd !== undefined) {
      this.lineFd = undefined;
      this.host.releaseLine();
    }
    if (state.hasLine) {
      this.connectLine(triggerOf(0));
    }
  }
}
