/** The device's interrupts as eventfds of the client's (vfio-user.rst, VFIO_USER_DEVICE_SET_IRQS). */
import type { Libc } from '../native/libc.ts';
import { irqInfoFlags, irqSetFlags, vfioIrq } from './messages.ts';
import { Refusal } from './refusal.ts';

export interface IrqKind {
  readonly flags: number;
  readonly count: number;
}

export interface IrqSet {
  readonly flags: number;
  readonly index: number;
  readonly start: number;
  readonly count: number;
  /** Of DATA_BOOL: a byte for each. */
  readonly data: Uint8Array;
  readonly descriptors: readonly number[];
}

const { DATA_NONE, DATA_BOOL, DATA_EVENTFD } = irqSetFlags;
const { ACTION_MASK, ACTION_UNMASK, ACTION_TRIGGER } = irqSetFlags;
const none: IrqKind = { flags: 0, count: 0 };

export class Interrupts {
  private readonly libc: Pick<Libc, 'signal' | 'close'>;
  private readonly kinds: readonly IrqKind[];
  /** What to signal for INTx and for the one vector of MSI, by kind. */
  private readonly eventfds = new Map<number, number>();
  /** INTx masks itself each time, until the client unmasks it. */
  private isMasked = false;
  private isHigh = false;

  constructor(
    libc: Pick<Libc, 'signal' | 'close'>,
    has: { readonly intx: boolean; readonly msi: boolean },
  ) {
    const { EVENTFD, MASKABLE, AUTOMASKED, NORESIZE } = irqInfoFlags;
    this.libc = libc;
    this.kinds = [
      has.intx ? { flags: EVENTFD | MASKABLE | AUTOMASKED, count: 1 } : none,
      has.msi ? { flags: EVENTFD | NORESIZE, count: 1 } : none,
      none, // MSI-X: its table is the client's, and our models have theirs in a BAR
      none,
      none,
    ];
  }

  /** @throws Refusal */
  info(index: number): IrqKind {
    const kind = this.kinds[index];
    if (kind === undefined) {
      throw new Refusal('EINVAL', `There is no interrupt of kind ${index}.`);
    }
    return kind;
  }

  /** The descriptors are taken if this returns, and else the caller's. @throws Refusal */
  set(request: IrqSet): void {
    const { flags, index, start, count } = request;
    const kind = this.info(index);
    if (flags === (DATA_NONE | ACTION_TRIGGER) && start === 0 && count === 0) {
      this.detach(index);
      return;
    }
    if (start !== 0 || count !== 1 || kind.count !== 1) {
      throw new Refusal('EINVAL', `${count} interrupts from ${start} of kind ${index}: no such.`);
    }
    const isOn = (flags & DATA_BOOL) === 0 || request.data[0] !== 0;
    switch (flags) {
      case DATA_EVENTFD | ACTION_TRIGGER:
        this.attach(index, request.descriptors);
        break;
      case DATA_NONE | ACTION_TRIGGER:
      case DATA_BOOL | ACTION_TRIGGER:
        this.signal(index, isOn);
        break;
      case DATA_NONE | ACTION_MASK:
      case DATA_BOOL | ACTION_MASK:
        this.mask(index, true, isOn);
        break;
      case DATA_NONE | ACTION_UNMASK:
      case DATA_BOOL | ACTION_UNMASK:
        this.mask(index, false, isOn);
        break;
      default:
        throw new Refusal('ENOTSUP', `What flags 0x${flags.toString(16)} ask is not done here.`);
    }
  }

  /** No descriptor: takes the one away that was there. */
  private attach(index: number, descriptors: readonly number[]): void {
    if (descriptors.length > 1) {
      throw new Refusal('EINVAL', `${descriptors.length} descriptors for one interrupt.`);
    }
    this.detach(index);
    for (const descriptor of descriptors) {
      this.eventfds.set(index, descriptor);
    }
    this.isMasked &&= index !== vfioIrq.INTX;
    this.raise();
  }

  private detach(index: number): void {
    const eventfd = this.eventfds.get(index);
    if (eventfd !== undefined) {
      this.eventfds.delete(index);
      this.libc.close(eventfd);
    }
  }

  private mask(index: number, isMasked: boolean, isOn: boolean): void {
    if (index !== vfioIrq.INTX) {
      throw new Refusal('EINVAL', 'Only INTx can be masked.');
    }
    if (isOn) {
      this.isMasked = isMasked;
      this.raise();
    }
  }

  private signal(index: number, isOn: boolean): void {
    const eventfd = this.eventfds.get(index);
    if (isOn && eventfd !== undefined) {
      this.libc.signal(eventfd);
    }
  }

  private raise(): void {
    if (this.isHigh && !this.isMasked && this.eventfds.has(vfioIrq.INTX)) {
      this.isMasked = true;
      this.signal(vfioIrq.INTX, true);
    }
  }

  /** The device's INTx line changed. */
  line(high: boolean): void {
    this.isHigh = high;
    this.raise();
  }

  /** The device sent its message. The client knows where it goes. */
  message(): void {
    this.signal(vfioIrq.MSI, true);
  }

  clear(): void {
    for (const index of [...this.eventfds.keys()]) {
      this.detach(index);
    }
    this.isMasked = false;
  }
}
