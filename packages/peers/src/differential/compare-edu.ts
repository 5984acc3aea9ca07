/** QEMU's edu and ours. */
import { EDU_MSI_OFFSET, msiCapability } from '@doorbell/abi';
import { Edu } from '@doorbell/device-model';
import type { PeerRun } from '../peer.ts';
import type { Emulator } from '../qemu/emulator.ts';
import { compareDevice, type ComparedModel } from './compare-device.ts';
import { readConfig, sizeBars, writeConfig } from './config-sequence.ts';
import { computeFactorials, raiseLine, sendMessages, useRegisters } from './edu-registers.ts';
import { crossEnd, leaveBuffer, missMemory, moveBytes, timeTransfers } from './edu-transfers.ts';

const MSI = { from: EDU_MSI_OFFSET, bytes: msiCapability.size };

export const comparedEdu: ComparedModel = {
  device: 'edu',
  make: (host) => new Edu(host),
  sequences: {
    'configuration space': readConfig,
    'sizes of BARs': sizeBars,
    registers: useRegisters,
    factorials: computeFactorials,
    INTx: raiseLine,
    MSI: sendMessages,
    DMA: moveBytes,
    "DMA's time": timeTransfers,
    'DMA without memory': missMemory,
    'DMA across the end of RAM': crossEnd,
    'DMA beyond the buffer': leaveBuffer,
    'writes to configuration space': writeConfig({ capability: MSI, spared: {} }),
  },
};

/** Each sequence is a check of the run. @throws QemuError, PeerUnavailable */
export function compareEdu(run: PeerRun, emulator: Emulator): Promise<void> {
  return compareDevice(run, emulator, comparedEdu);
}
