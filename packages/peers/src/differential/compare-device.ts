/** One of QEMU's devices and our model of it, compared access by access. */
import { type Bdf, bdf, type DeviceHost } from '@doorbell/abi';
import type { Picture } from '@doorbell/guest-driver';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { PeerRun } from '../peer.ts';
import type { Emulator } from '../qemu/emulator.ts';
import { type QtestMachine, startQtestMachine } from '../qtest/machine.ts';
import { Comparison } from './comparison.ts';
import type { ComparedDevice } from './known-difference.ts';
import { differencesOf } from './known-differences.ts';
import { barValues, type ModelDevice, ModelSide } from './model-side.ts';
import { MEMORY_BYTES, SCRATCH_BYTES, type Sequence, type Side } from './side.ts';

export interface ComparedModel {
  readonly device: ComparedDevice;
  readonly make: (host: DeviceHost) => ModelDevice;
  /** In order, by what they are about. */
  readonly sequences: Readonly<Record<string, Sequence>>;
}

const AT: Bdf = bdf(0, 4, 0);
/** Any other gives other accesses. */
const SEED = 1;

export async function compareDevice(
  run: Pick<PeerRun, 'signal' | 'folder' | 'step' | 'check'>,
  emulator: Emulator,
  { device, make, sequences }: ComparedModel,
): Promise<void> {
  run.step(`comparing ${device} with our model`);
  const machine = await startQtestMachine(run, {
    emulator,
    devices: [`${device},id=compared,addr=4`],
    memoryBytes: MEMORY_BYTES,
  });
  try {
    const theirs = qemuSide(machine, join(run.folder, 'compared.ppm'));
    const ours = new ModelSide(make, {
      memoryBytes: MEMORY_BYTES,
      scratch: theirs.scratch,
      bars: barValues(theirs.config),
    });
    const comparison = new Comparison(ours, theirs, differencesOf(device));
    for (const [name, sequence] of Object.entries(sequences)) {
      await setImmediate(); // most of a sequence blocks
      run.signal.throwIfAborted();
      const { passed, detail } = await comparison.run(sequence, SEED);
      run.check(`${device}, ${name}`, passed, detail);
    }
    const { passed, detail } = comparison.unmet();
    run.check(`${device}, known differences`, passed, detail);
  } finally {
    await machine.close();
  }
}

function qemuSide(machine: QtestMachine, file: string): Side {
  const device = machine.device(AT);
  const { config, memory, irq, clock } = device;
  return {
    config,
    memory,
    irq,
    clock,
    mapBar: (index) => device.mapBar(index),
    scratch: memory.allocate(SCRATCH_BYTES),
    screen: (): Promise<Picture> => machine.qmp.screendump('compared', file),
  };
}
