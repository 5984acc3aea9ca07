import { beforeEach, expect, test } from 'vitest';
import { EventCounter } from '../src/event-fd.ts';
import { VfioDevice } from '../src/vfio-device.ts';
import type { IrqAction, IrqData } from '../src/vfio-irq-set.ts';
import { errnoOf } from './fake-bus.ts';
import { FakeFunction, FakeInterrupts, rootBusScope } from './fake-function.ts';

const [INTX, MSI, MSIX, ERR, REQ] = [0, 1, 2, 3, 4];
const INTX_DISABLE = 0x400;

let fn: FakeFunction;
let interrupts: FakeInterrupts;
let device: VfioDevice;
let fd: EventCounter;

beforeEach(() => {
  fn = new FakeFunction();
  interrupts = new FakeInterrupts();
  const member = { name: '01:00.0', endpoint: fn, handles: 1 };
  device = new VfioDevice(member, interrupts, rootBusScope, () => undefined);
  fd = new EventCounter();
});

const none = (count: number): IrqData => ({ kind: 'none', count });
const bools = (...values: boolean[]): IrqData => ({ kind: 'bool', values });
const fds = (...given: (EventCounter | undefined)[]): IrqData => ({ kind: 'eventfd', fds: given });

function set(index: number, action: IrqAction, data: IrqData, start = 0): string {
  return errnoOf(() => {
    device.setIrqs({ index, start, action, data });
  });
}

const isMasked = (): boolean => (fn.configRead(0x04, 2) & INTX_DISABLE) !== 0;

// vfio_pci_intrs.c: an action that an index lacks is ENOTTY, of whatever data.
test.each([
  ['mask', [MSI, MSIX, ERR, REQ]],
  ['unmask', [MSI, MSIX, ERR, REQ]],
] as const)('only INTx has the action %s', (action, indexes) => {
  for (const index of indexes) {
    expect(set(index, action, none(1))).toBe('ENOTTY');
  }
});

test('what is not there, or beyond it, is EINVAL', () => {
  expect(set(5, 'trigger', none(0))).toBe('EINVAL');
  expect(set(-1, 'trigger', none(0))).toBe('EINVAL');
  expect(set(MSIX, 'trigger', fds(fd), 4)).toBe('EINVAL');
  expect(set(MSIX, 'trigger', fds(fd, fd), 3)).toBe('EINVAL');
  expect(set(MSIX, 'trigger', none(0), 4)).toBe('EINVAL');
  expect(set(MSIX, 'trigger', none(2 ** 32))).toBe('EINVAL');
});

test('an index that is off can only be turned on, by eventfds', () => {
  for (const index of [INTX, MSI, MSIX]) {
    expect(set(index, 'trigger', none(0))).toBe('EINVAL');
    expect(set(index, 'trigger', none(1))).toBe('EINVAL');
    expect(set(index, 'trigger', bools(true))).toBe('EINVAL');
  }
  expect(set(INTX, 'mask', none(1))).toBe('EINVAL');
  expect(set(INTX, 'unmask', none(1))).toBe('EINVAL');
});

test('a vector that is on can be signalled by hand', () => {
  const other = new EventCounter();
  expect(set(MSIX, 'trigger', fds(fd, undefined, other))).toBe('no error');
  expect(set(MSIX, 'trigger', none(3))).toBe('no error');
  expect(set(MSIX, 'trigger', bools(true, true, false))).toBe('no error');
  expect([fd.take(), other.take(), fd.take()]).toEqual([2, 1, 0]);
  expect(set(MSI, 'trigger', none(1))).toBe('EINVAL');
  expect(set(MSIX, 'trigger', none(0))).toBe('no error');
  expect(interrupts.handlers.size).toBe(0);
});

test('INTx is masked when it signals, and by hand', () => {
  set(INTX, 'trigger', fds(fd));
  interrupts.raise();
  expect([fd.take(), isMasked()]).toEqual([1, true]);
  expect(set(INTX, 'unmask', bools(false))).toBe('no error');
  expect(isMasked()).toBe(true);
  set(INTX, 'unmask', bools(true));
  expect(isMasked()).toBe(false);
  set(INTX, 'mask', bools(false));
  expect(isMasked()).toBe(false);
  set(INTX, 'mask', none(1));
  expect(isMasked()).toBe(true);
  set(INTX, 'unmask', none(1));
  expect(isMasked()).toBe(false);
  set(INTX, 'trigger', bools(true));
  expect([fd.take(), isMasked()]).toEqual([1, false]);
  expect(set(INTX, 'mask', fds(fd))).toBe('ENOTTY');
  expect(set(INTX, 'unmask', none(0))).toBe('EINVAL');
});

test('INTx is unmasked by an eventfd until another takes its place', () => {
  const [resample, other] = [new EventCounter(), new EventCounter()];
  set(INTX, 'trigger', fds(fd));
  set(INTX, 'unmask', fds(resample));
  interrupts.raise();
  resample.signal();
  expect(isMasked()).toBe(false);
  set(INTX, 'unmask', fds(other));
  interrupts.raise();
  resample.signal();
  expect(isMasked()).toBe(true);
  other.signal();
  expect(isMasked()).toBe(false);
  set(INTX, 'trigger', none(0));
  set(INTX, 'trigger', fds(fd));
  interrupts.raise();
  other.signal();
  expect(isMasked()).toBe(true);
});

test.each([ERR, REQ])("index %i has one trigger, the kernel's", (index) => {
  expect(set(index, 'trigger', none(1))).toBe('EINVAL');
  expect(set(index, 'trigger', bools(true))).toBe('no error');
  expect(set(index, 'trigger', fds())).toBe('EINVAL');
  expect(set(index, 'trigger', bools())).toBe('EINVAL');
  set(index, 'trigger', fds(fd));
  set(index, 'trigger', none(1));
  set(index, 'trigger', bools(true));
  set(index, 'trigger', bools(false));
  expect(fd.take()).toBe(2);
  set(index, 'trigger', none(0));
  expect(set(index, 'trigger', none(1))).toBe('EINVAL');
  set(index, 'trigger', fds(fd));
  set(index, 'trigger', fds(undefined));
  expect(set(index, 'trigger', none(1))).toBe('EINVAL');
});

test('the host asks for the device by REQ, if the user has said where', () => {
  expect(device.request()).toBe(false);
  set(REQ, 'trigger', fds(fd));
  expect(device.request()).toBe(true);
  expect(fd.take()).toBe(1);
});

test('one eventfd for both ends of INTx does not run away, though the line stays high', () => {
  set(INTX, 'trigger', fds(fd));
  set(INTX, 'unmask', fds(fd));
  // A function that asks for service for ever: each unmasking makes the line rise.
  const write = fn.configWrite.bind(fn);
  fn.configWrite = (offset, width, value) => {
    write(offset, width, value);
    if (offset === 0x04 && (value & INTX_DISABLE) === 0) {
      interrupts.raise();
    }
  };
  interrupts.raise();
  expect(fd.take()).toBe(2);
});
