import { barOffset, bochsBars, bochsWindow, dispiRegisters } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { SocketDevice, unwired } from '../../src/pci-device/socket-device.ts';
import { PeerRecorder } from '../../src/trace/peer-recorder.ts';

const FRAMEBUFFER = 0xd000_0000;
const REGISTERS = 0xfea0_0000;
const { XRES } = dispiRegisters.rows;

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** A display whose BARs a guest has placed; that it did is not of interest any more. */
function placed(most?: number) {
  const recorder = new PeerRecorder(most);
  const choice = { kind: 'bochs-display', width: 320, height: 240 } as const;
  const device = new SocketDevice(choice, unwired, { recorder });
  device.writeConfig(barOffset(0), word(FRAMEBUFFER));
  device.writeConfig(barOffset(2), word(REGISTERS));
  device.writeConfig(4, Uint8Array.of(2, 0));
  const before = recorder.events.count;
  return { recorder, device, events: () => [...recorder.events].slice(before) };
}

describe('the accesses of a guest', () => {
  it('are events with the addresses and the values that the guest sees', () => {
    const { recorder, device, events } = placed();
    const at = bochsWindow.dispi + XRES.offset;
    device.writeBar(2, at, Uint8Array.of(0x80, 0x02));
    device.readBar(2, at, new Uint8Array(2));
    device.readConfig(0, new Uint8Array(4));
    expect(events()).toMatchObject([
      { kind: 'mmioWrite', a: REGISTERS + at, b: 640, cause: 0 },
      { kind: 'mmioRead', a: REGISTERS + at, b: 640, cause: 0 },
      { kind: 'configRead', a: 0, b: 0x1111_1234 },
    ]);
    expect([...recorder.events].slice(0, 2)).toMatchObject([
      { kind: 'configWrite', a: barOffset(0), b: FRAMEBUFFER },
      { kind: 'configWrite', a: barOffset(2), b: REGISTERS },
    ]);
    expect(recorder.bars).toEqual([{ kind: 'bochs-display', bar: 2, base: REGISTERS }]);
  });

  it('to the framebuffer are one event as long as they follow one another, of 4 KiB at most', () => {
    const { device, events } = placed();
    for (let at = 0; at < 5000; at += 8) {
      device.writeBar(bochsBars.FRAMEBUFFER.index, at, new Uint8Array(8));
    }
    device.writeBar(bochsBars.FRAMEBUFFER.index, 0x8000, new Uint8Array(4));
    expect(events()).toMatchObject([
      { kind: 'mmioBlock', a: FRAMEBUFFER, b: 4096 },
      { kind: 'mmioBlock', a: FRAMEBUFFER + 4096, b: 904 },
      { kind: 'mmioBlock', a: FRAMEBUFFER + 0x8000, b: 4 },
    ]);
  });

  it('are not recorded beyond what there may be, and are done all the same', () => {
    const { recorder, device, events } = placed(3);
    const at = bochsWindow.dispi + XRES.offset;
    device.writeBar(2, at, Uint8Array.of(0x80, 0x02));
    device.writeBar(0, 0, word(1));
    const seen = new Uint8Array(2);
    device.readBar(2, at, seen);
    expect([...seen]).toEqual([0x80, 0x02]);
    expect(events()).toEqual([]);
    expect(recorder.isWhole).toBe(false);
  });

  it('follow a BAR that moves', () => {
    const { recorder, device, events } = placed();
    device.writeBar(0, 0, word(1));
    device.writeConfig(barOffset(0), word(2 * FRAMEBUFFER - 0xc000_0000));
    device.writeBar(0, 4, word(1));
    expect(events().at(-1)).toMatchObject({ kind: 'mmioBlock', a: 0xe000_0004, b: 4 });
    expect(recorder.bars.map(({ base }) => base)).toEqual([FRAMEBUFFER, 0xe000_0000]);
  });
});
