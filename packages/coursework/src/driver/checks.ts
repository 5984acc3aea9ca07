/** What a driver of bell is checked for: as a `Gpu`, on every stack that takes it unmodified, and for what it leaves behind. */
import { headerRows, type PciDevice } from '@doorbell/abi';
import type { OwnParts } from '@doorbell/lab';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { programChecks, sceneChecks, type GpuStack } from '../gpu/checks.ts';
import { contractChecks } from '../gpu/contract.ts';
import { ownParts, type DriverPart } from '../part.ts';
import { Borrowed } from './borrowed.ts';

const native: GpuStack<DriverPart> = { stack: 'native', own: ownParts };
/** Where a driver cannot know that its device is not the one of its datasheet. */
const others = ['passthrough', 'sriov', 'mdev', 'emulated'];
const { COMMAND, VENDOR_ID } = headerRows;
const MAY_REACH_MEMORY = COMMAND.bits.BUS_MASTER.mask;
/** Far longer than a frame takes, and less than what drivers wait for until they look themselves. */
const LONG_NS = 500_000_000;

/** The part, handed something else than its device. */
function handed({ probe }: DriverPart, alter: (device: PciDevice) => PciDevice): OwnParts {
  return { driver: (device) => probe(alter(device)) };
}

/** A whole life: probe, a Gpu, some work, and away. */
async function lifeOf(
  part: DriverPart,
  bench: Parameters<Check<DriverPart>['run']>[1],
): Promise<{ readonly borrowed: Borrowed; readonly command: number }> {
  let borrowed: Borrowed | undefined;
  let command = 0;
  const own: OwnParts = {
    driver: async (device) => {
      borrowed = new Borrowed(device);
      const driver = await part.probe(borrowed.device);
      return {
        open: () => driver.open(),
        remove: async () => {
          await driver.remove();
          command = device.config.read(COMMAND.offset, 2);
        },
      };
    },
  };
  await bench.frame('native', own, 'triangle');
  if (borrowed === undefined) {
    throw new Mismatch('a driver that is probed', 'none was');
  }
  return { borrowed, command };
}

const lifeChecks: readonly Check<DriverPart>[] = [
  {
    id: 'driver/remove/gives-back',
    clause: 'Dma, Memory, Irq: what is taken is given back',
    title: 'After remove it holds no mapping, no memory and no interrupt.',
    run: async (part, bench) => {
      const { held } = (await lifeOf(part, bench)).borrowed;
      if (held.length > 0) {
        throw new Mismatch('nothing to be held after remove', held.join(', '));
      }
    },
  },
  {
    id: 'driver/dma/unmapped-first',
    clause: 'Dma.unmap: from then on the memory is the CPU’s',
    title: 'Memory is not freed while the device can reach it.',
    run: async (part, bench) => {
      if ((await lifeOf(part, bench)).borrowed.freedWhileMapped) {
        throw new Mismatch(
          'memory to be unmapped and then freed',
          'it was freed while it was mapped',
        );
      }
    },
  },
  {
    id: 'driver/interrupt/prompt',
    clause: 'INTERRUPT, INTERRUPT_ENABLE, VECTOR',
    title:
      'The driver learns from an interrupt that work is done, not from a look after a long time.',
    run: async (part, bench) => {
      await bench.frame('native', ownParts(part), 'triangle');
      const took = bench.recording?.report?.time.virtualNs ?? Infinity;
      if (took >= LONG_NS) {
        throw new Mismatch('a frame in less than 0.5 s', `${(took / 1e9).toFixed(2)} s`);
      }
    },
  },
  {
    id: 'driver/remove/bus-master',
    clause: 'PCI Express Base 6.0 §7.5.1.1.3',
    title: 'After remove the function may not reach memory: BUS_MASTER is off, as it was found.',
    run: async (part, bench) => {
      const { command } = await lifeOf(part, bench);
      if ((command & MAY_REACH_MEMORY) !== 0) {
        throw new Mismatch('COMMAND.BUS_MASTER 0', `COMMAND 0x${command.toString(16)}`);
      }
    },
  },
  {
    id: 'driver/probe/another-device',
    clause: 'VENDOR_ID, DEVICE_ID',
    title: 'A function that is no bell is refused, and nothing of it is held or changed.',
    run: async (part, bench) => {
      let written = false;
      let borrowed: Borrowed | undefined;
      const own = handed(part, (device) => {
        const { config } = device;
        borrowed = new Borrowed({
          ...device,
          mapBar: (index) => device.mapBar(index),
          config: {
            read: (offset, width) =>
              offset === VENDOR_ID.offset ? 0x8086 : config.read(offset, width),
            write: (offset, width, value) => {
              written = true;
              config.write(offset, width, value);
            },
          },
        });
        return borrowed.device;
      });
      let refused = false;
      try {
        await bench.frame('native', own, 'nop');
      } catch {
        refused = true;
      }
      if (!refused || written || (borrowed?.held.length ?? 0) > 0) {
        throw new Mismatch(
          'probe to fail, without a write',
          `${refused ? 'it failed' : 'it did not'}, ${written ? 'and wrote' : 'without a write'}, holding ${borrowed?.held.join(', ') ?? ''}`,
        );
      }
    },
  },
];

/** What depends on how much memory there is, and on a screen that is not read while it is shown. */
const notOfDrivers = ['gpu/out-of-memory/goes-on', 'gpu/present/shows'];

export const driverChecks: readonly Check<DriverPart>[] = [
  ...contractChecks
    .filter(({ id }) => !notOfDrivers.includes(id))
    .map(({ body, ...info }): Check<DriverPart> => ({
      ...info,
      run: (part, bench) => bench.onStack(native.stack, ownParts(part), body),
    })),
  ...programChecks(native),
  ...sceneChecks(native, ['clear', 'triangle', 'image', 'bunny']),
  ...others.flatMap((stack) =>
    sceneChecks({ ...native, stack }, ['triangle']).map((each) => ({
      ...each,
      id: `${each.id}/${stack}`,
    })),
  ),
  ...lifeChecks,
];
