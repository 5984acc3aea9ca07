/** Our tables for DMA remapping, walked by QEMU's intel-iommu. */
import { type Bdf, bdf } from '@doorbell/abi';
import { setImmediate } from 'node:timers/promises';
import { differencesOf } from '../differential/known-differences.ts';
import { Ledger } from '../differential/ledger.ts';
import { Random } from '../differential/random.ts';
import type { Peer, PeerRun } from '../peer.ts';
import { PeerUnavailable } from '../peer-unavailable.ts';
import { findEmulator } from '../qemu/emulator.ts';
import { type QtestMachine, startQtestMachine } from '../qtest/machine.ts';
import { tryKnownCases } from '../vtd/known-cases.ts';
import { playRound } from '../vtd/random-tables.ts';
import { IommuRig } from '../vtd/rig.ts';
import { tryWideAddresses } from '../vtd/wide-addresses.ts';

const EDU: Bdf = bdf(0, 3, 0);
const NETWORK_CARD: Bdf = bdf(0, 4, 0);
const ROUNDS = 120;
/** What the option aw-bits takes, and the levels of tables that come of it. */
const widths = { 39: 3, 48: 4 } as const;

export const iommu: Peer = {
  name: 'iommu',
  summary: "QEMU's intel-iommu walks our DMA remapping tables for QEMU's edu.",
  needs: ['qemu', 'koffi'],
  isQuick: true,
  limitMs: 600_000,
  meet: async (run) => {
    const ledger = new Ledger(differencesOf('intel-iommu'));
    await compareWidth(run, ledger, 39);
    await compareWidth(run, ledger, 48);
    const { passed, detail } = ledger.unmet();
    run.check('known differences', passed, detail);
  },
};

async function compareWidth(
  run: PeerRun,
  ledger: Ledger,
  bits: keyof typeof widths,
): Promise<void> {
  run.step(`comparing tables for ${bits} bits of address`);
  const machine = await startQtestMachine(run, {
    emulator: findEmulator('qemu'),
    args: ['-device', `intel-iommu,intremap=off,aw-bits=${bits}`],
    // edu’s own limit of 28 bits would come before the IOMMU.
    devices: ['edu,addr=3,dma_mask=0xffffffff', 'e1000,addr=4,romfile='],
  });
  try {
    await compareTables(run, machine, ledger, widths[bits]);
  } finally {
    await machine.close();
  }
}

async function compareTables(
  run: PeerRun,
  machine: QtestMachine,
  ledger: Ledger,
  levels: 3 | 4,
): Promise<void> {
  const { backing } = machine;
  if (backing === undefined) {
    throw new PeerUnavailable('The machine’s RAM cannot be mapped without koffi.');
  }
  const random = new Random(levels);
  const rig = new IommuRig(machine, backing, EDU, ledger, random);
  const { levels: known, largestLeaf, addressBits } = rig.unit.capabilities;
  const check = (name: string): void => {
    const { passed, detail } = ledger.verdict();
    run.check(`${levels} levels: ${name}`, passed, detail);
  };
  ledger.compare('levels of tables', Number(known.includes(levels)), 1);
  ledger.compare('bits of an address', levels * 9 + 12, addressBits);
  ledger.compare('largest page', 0x4000_0000, largestLeaf);
  check('capabilities');
  for (let round = 0; round < ROUNDS; round++) {
    await setImmediate(); // a round blocks
    run.signal.throwIfAborted();
    playRound(rig, levels, random);
  }
  check('random tables');
  tryWideAddresses(rig, machine.device(NETWORK_CARD), NETWORK_CARD, levels, random);
  check('addresses beyond the width');
  tryKnownCases(rig, levels, random);
  check('single cases');
}
