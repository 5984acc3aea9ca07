/** Our edu and our bochs-display, served to QEMU by vfio-user, under our drivers on QEMU's bus. */
import {
  type Accessors,
  accessors,
  bdf,
  BOCHS_PCIE_OFFSET,
  eduBars,
  eduBuffer,
  eduDurations,
  eduRegisters,
  type PciDevice,
  type0Header,
} from '@doorbell/abi';
import { BochsDisplay, Edu } from '@doorbell/guest-driver';
import { join } from 'node:path';
import { factorials } from '../factorials.ts';
import { sameness } from '../picture-difference.ts';
import { checkConfig, linklessPlaces } from '../pci-device/config-check.ts';
import type { Peer, PeerRun } from '../peer.ts';
import { findEmulator } from '../qemu/emulator.ts';
import { type QtestMachine, startQtestMachine } from '../qtest/machine.ts';
import { VfioUserServer } from '../vfio-user/server.ts';

const EDU_SLOT = 3;
const BOCHS_SLOT = 4;
const SCREEN = { width: 640, height: 480 } as const;
/** In the 28 bits that edu has, and beyond the machine's 64 MiB. */
const NOWHERE = 0x0f00_0000;

export const vfioUser: Peer = {
  name: 'vfio-user',
  summary:
    'Our edu and our bochs-display are devices of QEMU, by vfio-user; our drivers drive them.',
  needs: ['qemu', 'koffi'],
  isQuick: true,
  limitMs: 300_000,
  meet: async (run) => {
    run.step('starting the servers');
    const edu = await VfioUserServer.start({
      path: join(run.folder, 'edu.sock'),
      choice: { kind: 'edu' },
    });
    try {
      const bochs = await VfioUserServer.start({
        path: join(run.folder, 'bochs.sock'),
        choice: { kind: 'bochs-display', ...SCREEN },
      });
      try {
        await meetServers(run, edu, bochs);
      } finally {
        await bochs.close();
      }
    } finally {
      await edu.close();
    }
  },
};

async function meetServers(
  run: PeerRun,
  edu: VfioUserServer,
  bochs: VfioUserServer,
): Promise<void> {
  run.step('starting QEMU');
  const machine = await startQtestMachine(run, {
    emulator: findEmulator('qemu'),
    devices: [edu.deviceArgument('edu', EDU_SLOT), bochs.deviceArgument('bochs', BOCHS_SLOT)],
    time: 'wall',
  });
  try {
    await checkEdu(run, machine, edu);
    await checkBochs(run, machine, bochs);
    const broken = [...edu.endings, ...bochs.endings];
    run.check('no connection ended', broken.length === 0, broken.join('; ') || 'both are open');
  } finally {
    await machine.close();
  }
}

async function checkEdu(
  run: PeerRun,
  machine: QtestMachine,
  server: VfioUserServer,
): Promise<void> {
  const device = machine.device(bdf(0, EDU_SLOT, 0));
  run.step('comparing edu');
  checkConfig(run, 'edu', device.config, await server.config());
  run.step('driving edu');
  const driver = new Edu(device);
  for (const [n, expected] of factorials) {
    const seen = await driver.factorial(n);
    run.check(`edu: factorial of ${n}`, seen === expected, `${seen}, ${expected} expected`);
  }
  checkConfig(run, 'edu in use', device.config, await server.config());
  await checkTransfers(run, driver);
  driver.remove();
  const messages = (await server.counts()).interrupts;
  const operations = factorials.length + 2;
  run.check('edu: messages', messages === operations, `${messages} for ${operations} operations`);
  await checkLine(run, device);
  await checkNowhere(run, device, server);
  run.counts('edu, by vfio-user', await server.counts());
}

/** There and back through the guest's memory. */
async function checkTransfers(run: PeerRun, driver: Edu): Promise<void> {
  const sent = Uint8Array.from({ length: eduBuffer.bytes }, (_, at) => (at * 7 + (at >> 8)) & 255);
  await driver.write(0, sent);
  const seen = new Uint8Array(1000);
  await driver.read(eduBuffer.bytes - seen.length, seen);
  const expected = sent.subarray(eduBuffer.bytes - seen.length);
  const at = seen.findIndex((byte, index) => byte !== expected[index]);
  const detail = at < 0 ? `${seen.length} bytes` : `byte ${at} is ${seen[at]}, not ${expected[at]}`;
  run.check('edu: DMA there and back', at < 0, detail);
}

/** The driver uses messages: its line is tried by hand. */
async function checkLine(run: PeerRun, device: PciDevice): Promise<void> {
  const registers = enabled(device);
  const raised = [0x2, 0x10];
  let arrived = 0;
  const waiting = device.clock.waitQueue();
  device.irq.requestLine(() => {
    const status = registers.INTERRUPT_STATUS.read();
    registers.INTERRUPT_ACKNOWLEDGE.write(status);
    arrived |= status;
    waiting.wake();
  });
  for (const bit of raised) {
    registers.INTERRUPT_RAISE.write(bit);
    await waiting.until(() => (arrived & bit) !== 0, 'data', 10 * eduDurations.DMA);
  }
  const left = registers.INTERRUPT_STATUS.read();
  device.irq.releaseLine();
  disable(device);
  const passed = arrived === 0x12 && left === 0;
  run.check('edu: INTx', passed, `0x${arrived.toString(16)} of 0x12 arrived, ${left} is left`);
}

/** Where the guest has no memory, a transfer is refused and the next one is done. */
async function checkNowhere(
  run: PeerRun,
  device: PciDevice,
  server: VfioUserServer,
): Promise<void> {
  const registers = enabled(device);
  const { RUN, FROM_DEVICE } = eduRegisters.rows.DMA_COMMAND.bits;
  for (const direction of [0, FROM_DEVICE.mask]) {
    registers.DMA_SOURCE.write(direction === 0 ? NOWHERE : eduBuffer.address);
    registers.DMA_DESTINATION.write(direction === 0 ? eduBuffer.address : NOWHERE);
    registers.DMA_COUNT.write(eduBuffer.bytes);
    registers.DMA_COMMAND.write(RUN.mask | direction);
    while ((registers.DMA_COMMAND.read() & RUN.mask) !== 0) {
      await device.clock.sleep(eduDurations.DMA / 10);
    }
  }
  const { STATUS } = type0Header.rows;
  const aborted =
    (device.config.read(STATUS.offset, 2) & STATUS.bits.RECEIVED_MASTER_ABORT.mask) !== 0;
  disable(device);
  const { dmaRefused } = await server.counts();
  const detail = `${dmaRefused} of 2 transfers, and the device ${aborted ? 'noted it' : 'did not note it'}`;
  run.check('edu: DMA to nowhere is refused', dmaRefused === 2 && aborted, detail);
  const driver = new Edu(device);
  const seen = await driver.factorial(5);
  driver.remove();
  run.check('edu: goes on after that', seen === 120, `5! is ${seen}`);
}

/** Decoding its BAR, and a bus master. */
function enabled(device: PciDevice): Accessors<typeof eduRegisters.rows> {
  const { offset, bits } = type0Header.rows.COMMAND;
  device.config.write(offset, 2, bits.MEMORY.mask | bits.BUS_MASTER.mask);
  return accessors(eduRegisters, device.mapBar(eduBars.REGISTERS.index));
}

function disable(device: PciDevice): void {
  device.config.write(type0Header.rows.COMMAND.offset, 2, 0);
}

async function checkBochs(
  run: PeerRun,
  machine: QtestMachine,
  server: VfioUserServer,
): Promise<void> {
  const device = machine.device(bdf(0, BOCHS_SLOT, 0));
  run.step('comparing bochs-display');
  const emulated = linklessPlaces(BOCHS_PCIE_OFFSET);
  checkConfig(run, 'bochs-display', device.config, await server.config(), emulated);
  run.step('driving bochs-display');
  const driver = new BochsDisplay(device);
  const { width, height } = SCREEN;
  const says = `${driver.edid?.preferred.width}x${driver.edid?.preferred.height}`;
  run.check('bochs-display: EDID', says === `${width}x${height}`, `it prefers ${says}`);
  const [frame] = await run.frames('image', width, height);
  driver.setMode(width, height);
  driver.draw(frame, 0, 0);
  device.config.read(0, 2); // a read's answer comes after all that was posted before it
  const shown = await server.picture();
  const { same, detail } =
    shown === undefined ? { same: false, detail: 'the screen is dark' } : sameness(frame, shown);
  run.check('bochs-display: the scene image', same, detail);
  if (shown !== undefined) {
    run.picture('our bochs-display, by vfio-user', shown);
  }
  driver.remove();
  const dark = (await server.picture()) === undefined;
  run.check('bochs-display: dark when its driver is gone', dark, dark ? 'dark' : 'still on');
  run.counts('bochs-display, by vfio-user', await server.counts());
}
