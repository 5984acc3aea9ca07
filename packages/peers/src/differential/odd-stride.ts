/** The one mode of bochs-display that ends QEMU: why the comparison of screens stays away from it. */
import { accessors, bdf, bochsBars, bochsWindow, dispiRegisters, type0Header } from '@doorbell/abi';
import { join } from 'node:path';
import type { PeerRun } from '../peer.ts';
import type { Emulator } from '../qemu/emulator.ts';
import { QemuError } from '../qemu/qemu-error.ts';
import { type QtestMachine, startQtestMachine } from '../qtest/machine.ts';

/** Rows of 16 bits a pixel that are this many pixels apart are no whole words. */
const ODD = 65;

/** A QEMU that goes on has no row among the known differences any more. */
export async function checkOddStride(
  run: Pick<PeerRun, 'signal' | 'folder' | 'check'>,
  emulator: Emulator,
): Promise<void> {
  const devices = ['bochs-display,id=odd,addr=4'];
  const machine = await startQtestMachine(run, { emulator, devices });
  try {
    setMode(machine);
    const seen = await machine.qmp.screendump('odd', join(run.folder, 'odd.ppm')).then(
      ({ width, height }) => `it shows ${width}x${height} pixels`,
      (error: unknown) => {
        if (error instanceof QemuError) {
          return error.message;
        }
        throw error;
      },
    );
    const name = 'bochs-display, a mode of 16 bits and odd rows ends QEMU';
    run.check(name, seen.includes('has ended'), seen);
  } finally {
    await machine.close();
  }
}

function setMode(machine: QtestMachine): void {
  const device = machine.device(bdf(0, 4, 0));
  const { offset, bits } = type0Header.rows.COMMAND;
  device.config.write(offset, 2, bits.MEMORY.mask);
  const registers = device.mapBar(bochsBars.REGISTERS.index);
  const { XRES, YRES, BPP, ENABLE } = accessors(dispiRegisters, registers, bochsWindow.dispi);
  XRES.write(ODD);
  YRES.write(ODD);
  BPP.write(16);
  ENABLE.write(dispiRegisters.rows.ENABLE.bits.ENABLED.mask);
  BPP.read();
}
