/**
 * QEMU's bochs-display and its VGA, whose registers have the same place, under our driver; and
 * bochs-display beside our model.
 */
import { bdf, bochsBars, type PciDevice, type0Header } from '@doorbell/abi';
import { BochsDisplay, type Picture } from '@doorbell/guest-driver';
import { join } from 'node:path';
import { sameness } from '../picture-difference.ts';
import { compareBochsDisplay } from '../differential/compare-bochs-display.ts';
import type { Peer, PeerRun } from '../peer.ts';
import { findEmulator } from '../qemu/emulator.ts';
import { type QtestMachine, startQtestMachine } from '../qtest/machine.ts';

/** What the displays say that they prefer. */
const PREFERRED = { width: 800, height: 600 } as const;
const modes: readonly (readonly [number, number])[] = [
  [320, 200],
  [640, 480],
  [PREFERRED.width, PREFERRED.height],
];
/** The mode in which the scene is drawn. */
const SCENE = { name: 'the scene image', width: 640, height: 480 } as const;

/** Where the VGA's attribute controller is in BAR2, and what ends its blanking (VGA: port 3C0h, bit 5). */
const VGA_ATTRIBUTE = 0x400;
const VGA_UNBLANK = 0x20;

export const bochsDisplay: Peer = {
  name: 'bochs-display',
  summary:
    "Our driver drives QEMU's bochs-display and VGA; bochs-display does what our model of it does.",
  needs: ['qemu'],
  isQuick: true,
  limitMs: 300_000,
  meet: async (run) => {
    const emulator = findEmulator('qemu');
    run.step('starting QEMU');
    const size = `xres=${PREFERRED.width},yres=${PREFERRED.height}`;
    const machine = await startQtestMachine(run, {
      emulator,
      devices: [`bochs-display,id=bochs,addr=3,${size}`, `VGA,id=vga,addr=4,${size}`],
    });
    try {
      await drive(run, machine, 'bochs', machine.device(bdf(0, 3, 0)));
      const vga = machine.device(bdf(0, 4, 0));
      unblank(vga);
      await drive(run, machine, 'vga', vga);
    } finally {
      await machine.close();
    }
    await compareBochsDisplay(run, emulator);
  },
};

/** What a VGA's BIOS does, and no driver of bochs-display has to. */
function unblank(device: PciDevice): void {
  const { offset, bits } = type0Header.rows.COMMAND;
  device.config.write(offset, 2, bits.MEMORY.mask);
  device.mapBar(bochsBars.REGISTERS.index).write(VGA_ATTRIBUTE, 1, VGA_UNBLANK);
}

async function drive(
  run: PeerRun,
  machine: QtestMachine,
  id: string,
  device: PciDevice,
): Promise<void> {
  run.step(`driving ${id}`);
  const display = new BochsDisplay(device);
  const { edid } = display;
  const says = `${edid?.preferred.width}x${edid?.preferred.height}`;
  const asked = `${PREFERRED.width}x${PREFERRED.height}`;
  run.check(`${id}: EDID`, says === asked, `${says}, ${asked} expected`);
  const file = join(run.folder, `${id}.ppm`);
  const show = async (name: string, drawn: Picture): Promise<void> => {
    const shown = await machine.qmp.screendump(id, file);
    const { same, detail } = sameness(drawn, shown);
    run.check(`${id}: ${name}`, same, detail);
    if (name === SCENE.name) {
      run.picture(`${id}: ${name}`, shown);
    }
  };
  for (const [width, height] of modes) {
    const drawn = pattern(width, height);
    display.setMode(width, height);
    display.draw(drawn, 0, 0);
    await show(`a pattern of ${width}x${height}`, drawn);
    const corner = pattern(33, 17);
    display.draw(corner, width - 33, height - 17);
    await show(`its corner drawn over`, overlaid(drawn, corner, width - 33, height - 17));
  }
  const frames = await run.frames('image', SCENE.width, SCENE.height);
  display.setMode(SCENE.width, SCENE.height);
  display.draw(frames[0], 0, 0);
  await show(SCENE.name, frames[0]);
  display.remove();
}

/** Every pixel differs from its neighbours, in each colour. */
function pattern(width: number, height: number): Picture {
  const pixels = new Uint8Array(width * height * 4);
  for (let at = 0; at < pixels.length; at += 4) {
    const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
    pixels.set([x * 3 + y, x + y * 5, (x ^ y) * 7, 255], at);
  }
  return { width, height, pixels };
}

function overlaid(under: Picture, over: Picture, x: number, y: number): Picture {
  const pixels = under.pixels.slice();
  const row = over.width * 4;
  for (let line = 0; line < over.height; line++) {
    const from = over.pixels.subarray(line * row, (line + 1) * row);
    pixels.set(from, ((y + line) * under.width + x) * 4);
  }
  return { ...under, pixels };
}
