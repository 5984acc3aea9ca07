import { beforeEach, expect, test } from 'vitest';
import { VfioError } from '../src/errno.ts';
import type { EventFd } from '../src/event-fd.ts';
import { VfioDevice } from '../src/vfio-device.ts';
import type { IrqData } from '../src/vfio-irq-set.ts';
import { FakeFunction, FakeInterrupts, rootBusScope } from './fake-function.ts';

const CONFIG = 7;
const INTX = 0;
const MSI = 1;
const MSIX = 2;
const ERR = 3;
const REQ = 4;
/** Where the fake function has its capabilities. */
const MSI_AT = 0x48;
const MSIX_AT = 0x58;
const DEVICE_CONTROL = 0x6c;

let fn: FakeFunction;
let interrupts: FakeInterrupts;
let device: VfioDevice;
let seen: string[];
const trigger = (name: string): EventFd => ({
  signal: () => void seen.push(name),
  listen: () => undefined,
});

/** TRIGGER with eventfds; an empty list is DATA_NONE, which turns the index off. */
function setTriggers(index: number, start: number, fds: readonly (EventFd | undefined)[]): void {
  const data: IrqData = fds.length === 0 ? { kind: 'none', count: 0 } : { kind: 'eventfd', fds };
  device.setIrqs({ index, start, action: 'trigger', data });
}

beforeEach(() => {
  fn = new FakeFunction();
  interrupts = new FakeInterrupts();
  seen = [];
  const member = { name: '01:00.0', endpoint: fn, handles: 1 };
  device = new VfioDevice(member, interrupts, rootBusScope, () => undefined);
});

function errnoOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof VfioError ? error.errno : String(error);
  }
  return 'no error';
}

test('opening resets the function and enables its memory, and leaves its BARs where they were', () => {
  expect(fn.resets).toBe(1);
  expect(fn.configRead(0x04, 2)).toBe(2);
  expect(fn.configRead(0x10, 4)).toBe(0xe000_0000);
  expect(fn.configRead(0x1c, 4)).toBe(0x10);
});

// ---------------------------------------------------------------------------- regions

test('regions are the BARs and configuration space', () => {
  const sizes = Array.from({ length: 8 }, (_, region) => device.regionInfo(region).size);
  expect(sizes).toEqual([0x1_0000, 0, 0x400_0000, 0, 0x4000, 0, 0, 4096]);
  expect(device.info()).toEqual({ regions: 9, irqs: 5, canReset: true });
  expect(device.regionInfo(0)).toMatchObject({ canRead: true, canWrite: true });
  expect(device.regionInfo(1)).toMatchObject({ canRead: false, canWrite: false });
  expect(errnoOf(() => device.regionInfo(8))).toBe('EINVAL');
  expect(errnoOf(() => device.regionInfo(-1))).toBe('EINVAL');
});

test('all of a BAR may be mapped, but the page of the MSI-X table', () => {
  expect(device.regionInfo(0).mappable).toEqual([{ offset: 0, size: 0x1_0000 }]);
  expect(device.regionInfo(4).mappable).toEqual([{ offset: 0x1000, size: 0x3000 }]);
  expect(device.regionInfo(CONFIG).mappable).toEqual([]);
});

test('reads and writes reach the function, within the region and aligned', () => {
  device.write(0, 0x100, 4, 0x1234);
  expect(fn.barRead(0, 0x100)).toBe(0x1234);
  expect(device.read(0, 0x100, 4)).toBe(0x1234);
  expect(errnoOf(() => device.read(0, 0x1_0000, 4))).toBe('EINVAL');
  expect(errnoOf(() => device.read(0, -4, 4))).toBe('EINVAL');
  expect(errnoOf(() => device.read(0, 2, 4))).toBe('EINVAL');
  expect(errnoOf(() => device.write(1, 0, 4, 0))).toBe('EINVAL');
  expect(errnoOf(() => device.read(CONFIG, 4096, 1))).toBe('EINVAL');
});

test("the MSI-X table is the host's: it reads all ones and takes no writes", () => {
  setTriggers(MSIX, 0, [trigger('zero')]);
  device.write(4, 0, 4, 0xbad);
  expect(device.read(4, 0, 4)).toBe(0xffff_ffff);
  expect(device.read(4, 63, 1)).toBe(0xff);
  expect(fn.msix(0)).toEqual([0xfee0_1000, 0, 0x30, 0]);
  device.write(4, 64, 4, 7);
  expect(device.read(4, 64, 4)).toBe(7);
});

// ---------------------------------------------------------------------------- configuration space

test('BARs are virtual: they answer the sizing handshake and move nothing', () => {
  expect(device.read(CONFIG, 0x10, 4)).toBe(0xe000_0000);
  for (const at of [0x10, 0x14, 0x18, 0x1c, 0x20, 0x24]) {
    device.write(CONFIG, at, 4, 0xffff_ffff);
  }
  const bars = [0x10, 0x14, 0x18, 0x1c, 0x20, 0x24].map((at) => device.read(CONFIG, at, 4));
  expect(bars).toEqual([0xffff_0000, 0, 0xfc00_000c, 0xffff_ffff, 0xffff_c000, 0]);
  device.write(CONFIG, 0x10, 4, 0x8000_0000);
  device.write(CONFIG, 0x1a, 2, 0x4000);
  expect(device.read(CONFIG, 0x10, 4)).toBe(0x8000_0000);
  expect(device.read(CONFIG, 0x18, 4)).toBe(0x4000_000c);
  expect(fn.configRead(0x10, 4)).toBe(0xe000_0000);
  expect(fn.configRead(0x18, 4)).toBe(0x0000_000c);
});

test('the command register is real, but for INTx disable', () => {
  device.write(CONFIG, 0x04, 2, 0x0406);
  expect(fn.configRead(0x04, 2)).toBe(0x0006);
  expect(device.read(CONFIG, 0x04, 2)).toBe(0x0406);
  device.write(CONFIG, 0x04, 2, 0x0002);
  expect(fn.configRead(0x04, 2)).toBe(0x0002);
  expect(device.read(CONFIG, 0x04, 2)).toBe(0x0002);
});

test('IDs, interrupt pin and MSI-X control cannot be written; the interrupt line is virtual', () => {
  device.write(CONFIG, 0x00, 4, 0);
  device.write(CONFIG, 0x3c, 2, 0x0205);
  device.write(CONFIG, MSIX_AT + 2, 2, 0xc000);
  expect(device.read(CONFIG, 0x00, 4)).toBe(0xbe11_1234);
  expect(device.read(CONFIG, 0x3c, 2)).toBe(0x0105);
  expect(fn.configRead(0x3c, 1)).toBe(0xff);
  expect(device.read(CONFIG, MSIX_AT + 2, 2)).toBe(3);
});

test('MSI is virtual: the user keeps its message, the function never sees it', () => {
  device.write(CONFIG, MSI_AT + 4, 4, 0xfee0_0000);
  device.write(CONFIG, MSI_AT + 12, 2, 0x41);
  device.write(CONFIG, MSI_AT + 2, 2, 0x81);
  expect(device.read(CONFIG, MSI_AT + 4, 4)).toBe(0xfee0_0000);
  expect(device.read(CONFIG, MSI_AT + 2, 2)).toBe(0x81);
  expect(fn.configRead(MSI_AT + 4, 4)).toBe(0);
  expect(fn.configRead(MSI_AT + 2, 2)).toBe(0x80);
});

test('extended configuration space is read through and not written', () => {
  device.write(CONFIG, 0x100, 4, 0xffff_ffff);
  expect(device.read(CONFIG, 0x100, 4)).toBe(0);
});

test('the function-level reset resets, reads 0, and leaves BARs and command', () => {
  device.write(CONFIG, 0x04, 2, 6);
  device.write(CONFIG, DEVICE_CONTROL, 2, 0xa810);
  expect(fn.resets).toBe(2);
  expect(device.read(CONFIG, DEVICE_CONTROL, 2)).toBe(0x2810);
  expect(fn.configRead(0x04, 2)).toBe(6);
  expect(fn.configRead(0x10, 4)).toBe(0xe000_0000);
  device.write(CONFIG, 0x04, 2, 6);
  expect(fn.resets).toBe(2);
});

test('phantom functions, which would have other requester IDs, cannot be turned on', () => {
  device.write(CONFIG, DEVICE_CONTROL, 2, 0x2a10);
  expect(fn.configRead(DEVICE_CONTROL, 2) & 0x200).toBe(0);
});

// ---------------------------------------------------------------------------- interrupts

test('how many vectors there are of each kind, and what they can do', () => {
  const infos = [INTX, MSI, MSIX, ERR, REQ].map((index) => device.irqInfo(index));
  expect(infos.map(({ count }) => count)).toEqual([1, 1, 4, 1, 1]);
  expect(infos.map(({ isMaskable }) => isMaskable)).toEqual([true, false, false, false, false]);
  expect(infos.map(({ isAutoMasked }) => isAutoMasked)).toEqual([true, false, false, false, false]);
  expect(infos.map(({ isNoResize }) => isNoResize)).toEqual([false, true, false, true, true]);
  expect(errnoOf(() => device.irqInfo(5))).toBe('EINVAL');
  expect(errnoOf(() => device.irqInfo(-1))).toBe('EINVAL');
});

test('MSI-X: each trigger has a message of the host in the table', () => {
  setTriggers(MSIX, 1, [trigger('one'), undefined, trigger('three')]);
  expect(fn.configRead(MSIX_AT + 2, 2)).toBe(0x8003);
  expect(fn.msix(1)).toEqual([0xfee0_1000, 0, 0x30, 0]);
  expect(fn.msix(3)).toEqual([0xfee0_1000, 0, 0x31, 0]);
  expect(fn.msix(2)).toEqual([0, 0, 0, 0]);
  interrupts.fire(0x31);
  interrupts.fire(0x30);
  expect(seen).toEqual(['three', 'one']);
});

test('MSI-X: a trigger is replaced or taken away for itself', () => {
  setTriggers(MSIX, 0, [trigger('old'), trigger('other')]);
  setTriggers(MSIX, 0, [trigger('new')]);
  interrupts.fire(0x30);
  interrupts.fire(0x32);
  setTriggers(MSIX, 0, [undefined]);
  interrupts.fire(0x32);
  interrupts.fire(0x31);
  expect(seen).toEqual(['new', 'other']);
  expect(fn.msix(0)[3]).toBe(1);
  expect(interrupts.handlers.size).toBe(1);
});

test('MSI-X: an empty list turns it off', () => {
  setTriggers(MSIX, 0, [trigger('zero'), trigger('one')]);
  setTriggers(MSIX, 0, []);
  expect(fn.configRead(MSIX_AT + 2, 2)).toBe(3);
  expect([fn.msix(0)[3], fn.msix(1)[3]]).toEqual([1, 1]);
  expect(interrupts.handlers.size).toBe(0);
});

test('a reset leaves the triggers in place', () => {
  setTriggers(MSIX, 2, [trigger('two')]);
  device.reset();
  expect(fn.resets).toBe(2);
  expect(fn.msix(2)).toEqual([0xfee0_1000, 0, 0x30, 0]);
  expect(fn.configRead(MSIX_AT + 2, 2)).toBe(0x8003);
});

test('a reset by either way is told to who listens, after the function was reset', () => {
  const seenResets: number[] = [];
  device.whenReset(() => seenResets.push(fn.resets));
  device.reset();
  device.write(CONFIG, DEVICE_CONTROL + 1, 1, 0x80);
  expect(seenResets).toEqual([2, 3]);
});

test('a function without a reset of its own is not reset, nor is that told', () => {
  device.whenReset(() => seen.push('reset'));
  fn.configRead = (offset, width) =>
    offset === DEVICE_CONTROL - 4 ? 0 : FakeFunction.prototype.configRead.call(fn, offset, width);
  device.write(CONFIG, DEVICE_CONTROL, 2, 0x8000);
  expect(errnoOf(() => device.reset())).toBe('EINVAL');
  expect(fn.resets).toBe(1);
  expect(seen).toEqual([]);
});

test('6.6.2: configuration space is cleared to reset values, BARs to no address', () => {
  device.write(CONFIG, 0x3c, 1, 11);
  device.write(CONFIG, 0x18, 4, 0x4000_0000);
  device.write(CONFIG, DEVICE_CONTROL, 2, 0x5030);
  device.clearConfig();
  expect(device.read(CONFIG, 0x3c, 1)).toBe(0xff);
  expect([0x10, 0x18, 0x1c].map((at) => device.read(CONFIG, at, 4))).toEqual([0, 0xc, 0]);
  expect(device.read(CONFIG, DEVICE_CONTROL, 2) & 0x70e0).toBe(0x2020);
});

test.each([
  ['MSI-X', MSIX, 2],
  ['MSI', MSI, 0],
  ['INTx', INTX, 0],
] as const)(
  '%s: triggers are made again after load, with the same messages',
  (_name, index, at) => {
    setTriggers(index, at, [trigger('before')]);
    device.write(CONFIG, 0x3c, 1, 11);
    const state = device.save();
    const next = new FakeFunction();
    const host = new FakeInterrupts();
    const loaded = new VfioDevice(
      { name: '01:00.0', endpoint: next, handles: 1 },
      host,
      rootBusScope,
      () => undefined,
    );
    next.copy(fn);
    loaded.load(state, (vector) => trigger(`vector ${vector}`));
    expect(loaded.save()).toEqual(state);
    expect(loaded.read(CONFIG, 0x3c, 1)).toBe(11);
    host.fire(0x30);
    host.raise();
    expect(seen).toEqual([`vector ${at}`]);
    loaded.setIrqs({ index, start: 0, action: 'trigger', data: { kind: 'none', count: 0 } });
    host.fire(0x30);
    host.raise();
    expect(seen).toHaveLength(1);
  },
);

test('MSI: one message in configuration space', () => {
  setTriggers(MSI, 0, [trigger('msi')]);
  expect(fn.configRead(MSI_AT + 4, 4)).toBe(0xfee0_1000);
  expect(fn.configRead(MSI_AT + 12, 2)).toBe(0x30);
  expect(fn.configRead(MSI_AT + 2, 2)).toBe(0x81);
  interrupts.fire(0x30);
  setTriggers(MSI, 0, []);
  expect(fn.configRead(MSI_AT + 2, 2)).toBe(0x80);
  interrupts.fire(0x30);
  expect(seen).toEqual(['msi']);
});

test('INTx: the line masks itself until the user unmasks it', () => {
  setTriggers(INTX, 0, [trigger('line')]);
  interrupts.raise();
  expect(seen).toEqual(['line']);
  expect(fn.configRead(0x04, 2) & 0x400).toBe(0x400);
  device.interrupts.unmaskLine();
  expect(fn.configRead(0x04, 2) & 0x400).toBe(0);
  interrupts.raise();
  setTriggers(INTX, 0, []);
  interrupts.raise();
  expect(seen).toEqual(['line', 'line']);
});

test('kinds exclude each other, and vectors that are not there are refused', () => {
  expect(errnoOf(() => setTriggers(MSIX, 3, [trigger('3'), trigger('4')]))).toBe('EINVAL');
  expect(errnoOf(() => setTriggers(MSIX, -1, [trigger('-1')]))).toBe('EINVAL');
  expect(interrupts.handlers.size).toBe(0);
  setTriggers(MSIX, 0, [trigger('0')]);
  expect(errnoOf(() => setTriggers(MSI, 0, [trigger('msi')]))).toBe('EINVAL');
  expect(errnoOf(() => setTriggers(INTX, 0, []))).toBe('EINVAL');
  setTriggers(MSIX, 0, []);
  setTriggers(MSI, 0, [trigger('msi')]);
});

test('closing turns off interrupts, bus master and memory, and resets', () => {
  setTriggers(MSIX, 0, [trigger('0')]);
  device.write(CONFIG, 0x04, 2, 6);
  device.close();
  expect(interrupts.handlers.size).toBe(0);
  expect(fn.configRead(0x04, 2)).toBe(0);
  expect(fn.configRead(MSIX_AT + 2, 2)).toBe(3);
  expect(fn.resets).toBe(2);
  expect(errnoOf(() => device.read(0, 0, 4))).toBe('EBADF');
});
