/** QEMU's edu under our driver, and beside our model. */
import {
  bdf,
  capabilityIds,
  capabilityOffset,
  type ConfigPort,
  eduBuffer,
  eduDurations,
  msiCapability,
  type PciDevice,
  type0Header,
} from '@doorbell/abi';
import { Edu } from '@doorbell/guest-driver';
import { compareEdu } from '../differential/compare-edu.ts';
import { factorials } from '../factorials.ts';
import type { Peer, PeerRun } from '../peer.ts';
import { findEmulator } from '../qemu/emulator.ts';
import { startQtestMachine } from '../qtest/machine.ts';

const AT = bdf(0, 3, 0);

export const edu: Peer = {
  name: 'edu',
  summary: "Our driver drives QEMU's edu, which does what our model of it does.",
  needs: ['qemu'],
  isQuick: true,
  limitMs: 300_000,
  meet: async (run) => {
    const emulator = findEmulator('qemu');
    run.step('starting QEMU');
    const machine = await startQtestMachine(run, { emulator, devices: ['edu,addr=3'] });
    try {
      await drive(run, machine.device(AT));
    } finally {
      await machine.close();
    }
    await compareEdu(run, emulator);
  },
};

async function drive(run: PeerRun, bare: PciDevice): Promise<void> {
  const { device, counts } = counting(bare);
  const first = new Edu(device);
  run.step('computing factorials');
  for (const [n, expected] of factorials) {
    const seen = await first.factorial(n);
    run.check(`factorial of ${n}`, seen === expected, `${seen}, ${expected} expected`);
  }
  run.step('moving bytes');
  await moveBytes(run, device, first);
  const { operations, messages } = counts;
  const detail = `${messages} of ${operations} operations`;
  run.check('a message ended each operation', messages === operations, detail);
  run.counts('edu', { operations, messages });
}

/**
 * Through the device's buffer and back. The driver is removed between the two, so that its page of
 * RAM is another one, all zeros: what comes back comes from the device.
 */
async function moveBytes(run: PeerRun, device: PciDevice, first: Edu): Promise<void> {
  const { clock, config } = device;
  const whole = Uint8Array.from({ length: eduBuffer.bytes }, (_, at) => (at * 7 + (at >> 8)) & 255);
  const began = clock.now();
  await first.write(0, whole);
  checkTime(run, 'a transfer to the device', clock.now() - began);
  await first.write(1000, whole.subarray(0, 24));
  first.remove();
  const [command, msi] = enabled(config);
  const rest = `COMMAND is ${command}, MSI's enable bit is ${msi}`;
  run.check('the driver leaves edu as it found it', command === 0 && msi === 0, rest);

  const second = new Edu(device);
  const expected = whole.slice();
  expected.set(whole.subarray(0, 24), 1000);
  const seen = new Uint8Array(eduBuffer.bytes);
  const again = clock.now();
  await second.read(0, seen);
  checkTime(run, 'a transfer from the device', clock.now() - again);
  checkBytes(run, 'the whole buffer', seen, expected);
  const part = new Uint8Array(24);
  await second.read(1000, part);
  checkBytes(run, 'a part of the buffer', part, expected.subarray(1000, 1024));
  second.remove();
}

function checkTime(run: PeerRun, name: string, ns: number): void {
  const expected = eduDurations.DMA;
  run.check(`the time of ${name}`, ns === expected, `${ns} ns, ${expected} ns expected`);
}

function checkBytes(run: PeerRun, name: string, seen: Uint8Array, expected: Uint8Array): void {
  const at = seen.findIndex((byte, index) => byte !== expected[index]);
  const detail = at < 0 ? `${seen.length} bytes` : `byte ${at} is ${seen[at]}, not ${expected[at]}`;
  run.check(name, at < 0, detail);
}

/** The command register, and whether MSI is enabled. */
function enabled(config: ConfigPort): readonly [number, number] {
  const msi = capabilityOffset((at, width) => config.read(at, width), capabilityIds.MSI);
  const { offset, bits } = msiCapability.rows.CONTROL;
  const { COMMAND } = type0Header.rows;
  return [config.read(COMMAND.offset, 2), config.read(msi + offset, 2) & bits.ENABLE.mask];
}

/** Counts the device's messages, and what the driver starts: it waits once for each. */
function counting(device: PciDevice): {
  readonly device: PciDevice;
  readonly counts: { operations: number; messages: number };
} {
  const counts = { operations: 0, messages: 0 };
  const { clock, irq } = device;
  const counted: PciDevice = {
    ...device,
    irq: {
      request: (handler) =>
        irq.request(() => {
          counts.messages++;
          handler();
        }),
      requestLine: (handler) => irq.requestLine(handler),
      release: (message) => irq.release(message),
      releaseLine: () => irq.releaseLine(),
    },
    clock: {
      now: () => clock.now(),
      delay: (ns) => clock.delay(ns),
      sleep: (ns) => clock.sleep(ns),
      waitQueue: () => {
        const queue = clock.waitQueue();
        return {
          until: (condition, reason, timeoutNs) => {
            counts.operations += reason === 'data' ? 1 : 0;
            return queue.until(condition, reason, timeoutNs);
          },
          wake: () => queue.wake(),
        };
      },
    },
  };
  return { device: counted, counts };
}
