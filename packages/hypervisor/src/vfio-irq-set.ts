/**
 * VFIO_DEVICE_SET_IRQS (vfio_set_irqs_validate_and_prepare in drivers/vfio/vfio_main.c, and
 * vfio_pci_set_irqs_ioctl in vfio_pci_intrs.c): which actions an index takes, with which data.
 */
import { VfioError } from './errno.ts';
import type { EventFd } from './event-fd.ts';
import { irqIndexes, type VfioInterrupts } from './vfio-interrupts.ts';

export type IrqAction = 'mask' | 'unmask' | 'trigger';

/** VFIO_IRQ_SET_DATA_*: an entry per vector, but for NONE. An absent eventfd is -1. */
export type IrqData =
  | { readonly kind: 'none'; readonly count: number }
  | { readonly kind: 'bool'; readonly values: readonly boolean[] }
  | { readonly kind: 'eventfd'; readonly fds: readonly (EventFd | undefined)[] };

export interface IrqSet {
  readonly index: number;
  readonly start: number;
  readonly action: IrqAction;
  readonly data: IrqData;
}

type Handler = (interrupts: VfioInterrupts, set: IrqSet) => void;

const invalid = (why: string): VfioError =>
  new VfioError('EINVAL', `The interrupts cannot be set so: ${why}.`);

/** What there is for each index. Masking of messages is for the kernel to implement, as it says. */
const handlers: Readonly<Record<number, Partial<Record<IrqAction, Handler>>>> = {
  [irqIndexes.INTX]: { mask: maskLine, unmask: unmaskLine, trigger: triggerVectors },
  [irqIndexes.MSI]: { trigger: triggerVectors },
  [irqIndexes.MSIX]: { trigger: triggerVectors },
  [irqIndexes.ERR]: { trigger: triggerSingle },
  [irqIndexes.REQ]: { trigger: triggerSingle },
};

/** @throws VfioError EINVAL; ENOTTY an action that the index does not have. */
export function setIrqs(interrupts: VfioInterrupts, set: IrqSet): void {
  const count = countOf(set.data);
  const there = set.index in handlers ? interrupts.count(set.index) : 0;
  if (!(set.start >= 0 && set.start < there) || set.start + count > there) {
    throw invalid(`index ${set.index} has ${there} vectors, not ${set.start + count}`);
  }
  const handler = handlers[set.index][set.action];
  if (handler === undefined) {
    throw new VfioError('ENOTTY', `Interrupt index ${set.index} has no action '${set.action}'.`);
  }
  handler(interrupts, set);
}

function countOf(data: IrqData): number {
  switch (data.kind) {
    case 'none':
      return data.count;
    case 'bool':
      return data.values.length;
    case 'eventfd':
      return data.fds.length;
  }
}

function checkLine(interrupts: VfioInterrupts, { data }: IrqSet): void {
  if (!interrupts.isActive(irqIndexes.INTX) || countOf(data) !== 1) {
    throw invalid('INTx is not on, or it is not one vector');
  }
}

function maskLine(interrupts: VfioInterrupts, set: IrqSet): void {
  checkLine(interrupts, set);
  if (set.data.kind === 'eventfd') {
    throw new VfioError('ENOTTY', 'INTx cannot be masked by an eventfd.');
  }
  if (set.data.kind === 'none' || set.data.values[0]) {
    interrupts.maskLine();
  }
}

/** By an eventfd it is what KVM calls resampling: the guest's end of interrupt unmasks the line. */
function unmaskLine(interrupts: VfioInterrupts, set: IrqSet): void {
  checkLine(interrupts, set);
  if (set.data.kind === 'eventfd') {
    interrupts.unmaskBy(set.data.fds[0]);
  } else if (set.data.kind === 'none' || set.data.values[0]) {
    interrupts.unmaskLine();
  }
}

function triggerVectors(interrupts: VfioInterrupts, { index, start, data }: IrqSet): void {
  const isActive = interrupts.isActive(index);
  if (!isActive && !interrupts.isOff) {
    throw invalid(`index ${index} is off while another is on`);
  }
  if (data.kind === 'eventfd') {
    interrupts.setTriggers(index, start, data.fds);
    return;
  }
  if (!isActive) {
    throw invalid(`index ${index} is off`);
  }
  if (data.kind === 'none' && data.count === 0) {
    interrupts.disable();
    return;
  }
  for (let at = 0; at < countOf(data); at++) {
    if (data.kind === 'none' || data.values[at]) {
      interrupts.signal(start + at);
    }
  }
}

/** vfio_pci_set_ctx_trigger_single: DATA_NONE and DATA_BOOL signal by hand. */
function triggerSingle(interrupts: VfioInterrupts, { index, data }: IrqSet): void {
  const fd = interrupts.single(index);
  if (data.kind === 'none') {
    if (fd === undefined) {
      throw invalid(`index ${index} has no trigger`);
    }
    if (data.count === 0) {
      interrupts.setSingle(index, undefined);
    } else {
      fd.signal();
    }
    return;
  }
  if (countOf(data) === 0) {
    throw invalid('there is no data');
  }
  if (data.kind === 'eventfd') {
    interrupts.setSingle(index, data.fds[0]);
  } else if (data.values[0]) {
    fd?.signal();
  }
}
