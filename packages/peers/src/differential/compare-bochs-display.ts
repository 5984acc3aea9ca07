/** QEMU's bochs-display and ours. */
import { BOCHS_PCIE_OFFSET, pcieCapability } from '@doorbell/abi';
import { BochsDisplay } from '@doorbell/device-model';
import { checkOddStride } from './odd-stride.ts';
import type { PeerRun } from '../peer.ts';
import type { Emulator } from '../qemu/emulator.ts';
import { readEdid, useMemory, useRegisters } from './bochs-registers.ts';
import { showModes, showNothing } from './bochs-screens.ts';
import { compareDevice, type ComparedModel } from './compare-device.ts';
import { readConfig, sizeBars, writeConfig } from './config-sequence.ts';

const PCIE = { from: BOCHS_PCIE_OFFSET, bytes: pcieCapability.size };
/** FLR, in the upper byte of device control: ours has it. */
const RESET_BYTE = BOCHS_PCIE_OFFSET + pcieCapability.rows.DEVICE_CONTROL.offset + 1;
const RESET = pcieCapability.rows.DEVICE_CONTROL.bits.FLR.mask >>> 8;

/** What QEMU's display prefers. */
const PREFERRED = { width: 1280, height: 800 };

export const comparedBochsDisplay: ComparedModel = {
  device: 'bochs-display',
  make: (host) => new BochsDisplay(host, PREFERRED.width, PREFERRED.height),
  sequences: {
    'configuration space': readConfig,
    'sizes of BARs': sizeBars,
    registers: useRegisters,
    EDID: readEdid,
    memory: useMemory,
    screens: showModes,
    'screens without a mode': showNothing,
    'writes to configuration space': writeConfig({
      capability: PCIE,
      spared: { [RESET_BYTE]: RESET },
    }),
  },
};

/** Each sequence is a check of the run. @throws QemuError, PeerUnavailable */
export async function compareBochsDisplay(run: PeerRun, emulator: Emulator): Promise<void> {
  await compareDevice(run, emulator, comparedBochsDisplay);
  await checkOddStride(run, emulator);
}
