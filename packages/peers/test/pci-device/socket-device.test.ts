import { expect, it, vi } from 'vitest';
import { SocketDevice, unwired, type Wires } from '../../src/pci-device/socket-device.ts';

const half = (value: number): Uint8Array => Uint8Array.of(value & 0xff, value >> 8);
const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

/** edu's registers, as QEMU's docs/specs/edu.rst has them. */
const edu = { RAISE: 0x60, ACKNOWLEDGE: 0x64, STATUS: 0x24, FACTORIAL: 0x08 } as const;

function startEdu(wires: Partial<Wires>): SocketDevice {
  const device = new SocketDevice({ kind: 'edu' }, { ...unwired, ...wires });
  device.writeConfig(0x04, half(0x0006));
  return device;
}

const read = (device: SocketDevice, offset: number): number => {
  const into = new Uint8Array(4);
  device.readBar(0, offset, into);
  return new DataView(into.buffer).getUint32(0, true);
};

it("hands on the model's line until messages are on, and its messages then", () => {
  const line = vi.fn();
  const message = vi.fn();
  const device = startEdu({ line, message });
  device.writeBar(0, edu.RAISE, word(1));
  expect(line).toHaveBeenLastCalledWith(true);
  device.writeBar(0, edu.ACKNOWLEDGE, word(1));
  expect(line).toHaveBeenLastCalledWith(false);
  device.writeConfig(0x44, word(0xfee00000));
  device.writeConfig(0x4c, half(0xbeef));
  device.writeConfig(0x42, half(1));
  device.writeBar(0, edu.RAISE, word(1));
  expect(message).toHaveBeenCalledExactlyOnceWith(0xfee00000, 0xbeef);
  expect(device.counts.interrupts).toBe(1);
});

it('runs timers that are due, and no others', async () => {
  const device = startEdu({});
  device.writeBar(0, edu.FACTORIAL, word(5));
  expect(device.deadlines.timeoutMs).toBeGreaterThanOrEqual(0);
  await vi.waitFor(() => {
    device.runTimers();
    expect(read(device, edu.FACTORIAL)).toBe(120);
  }, 60_000);
  expect(device.deadlines.timeoutMs).toBe(-1);
});

it('is as at first after a reset, and its line is low', () => {
  const line = vi.fn();
  const device = startEdu({ line });
  device.writeBar(0, edu.RAISE, word(1));
  device.writeBar(0, edu.FACTORIAL, word(5));
  device.reset();
  expect(line).toHaveBeenLastCalledWith(false);
  expect(device.configRegister(0x04, 2)).toBe(0);
  expect(device.deadlines.timeoutMs).toBe(-1);
  device.writeConfig(0x04, half(0x0006));
  expect(read(device, edu.STATUS)).toBe(0);
});

it('shows what is in memory that others write', () => {
  const memory = new ArrayBuffer(16 << 20);
  const choice = { kind: 'bochs-display', width: 320, height: 240 } as const;
  const device = new SocketDevice(choice, unwired, { memory });
  expect(device.picture()).toBeUndefined();
  device.writeConfig(0x04, half(0x0002));
  for (const [index, value] of [
    [1, 64],
    [2, 64],
    [3, 32],
    [4, 0x41],
  ] as const) {
    device.writeBar(2, 0x500 + 2 * index, half(value));
  }
  new Uint8Array(memory).set([0x30, 0x20, 0x10, 0], 4);
  const picture = device.picture();
  expect([picture?.width, picture?.height]).toEqual([64, 64]);
  expect([...picture!.pixels.subarray(0, 8)]).toEqual([0, 0, 0, 255, 0x10, 0x20, 0x30, 255]);
});
