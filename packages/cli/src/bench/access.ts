/** A driver's register access, through all that stands between it and the device. */
import { bellBars, bellRegisters, type0Header, type Mmio } from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { alone, buildStack, stackSpec } from '@doorbell/lab';
import type { Benchmark, Work } from './benchmark.ts';

const ACCESSES = 10_000;

/** bell's registers as a driver of this stack has them. */
function registersOf(stack: 'native' | 'emulated', given: Record<string, string>): Mmio {
  const profile = [...profiles.values()][0];
  const { options } = stackSpec(stack, given);
  const guests = alone({ flip: () => {} });
  const [{ computer, bdf }] = buildStack(stack, { profile, options, guests }).guests;
  const device = computer.device(bdf);
  const { COMMAND } = type0Header.rows;
  device.config.write(COMMAND.offset, COMMAND.width, COMMAND.bits.MEMORY.mask);
  return device.mapBar(bellBars.REGISTERS.index);
}

function reads(registers: Mmio): Work {
  const { offset, width } = bellRegisters.rows.SCANOUT_PAGE;
  return {
    units: ACCESSES,
    run: () => {
      let sum = 0;
      for (let i = 0; i < ACCESSES; i++) {
        sum += registers.read(offset, width);
      }
      return sum;
    },
  };
}

const arrayLoads: Work = {
  units: ACCESSES,
  run: () => {
    let sum = 0;
    for (let i = 0; i < ACCESSES; i++) {
      sum += array[i & 255];
    }
    return sum;
  },
};
const array = Uint32Array.from({ length: 256 }, (_, i) => i);

/** So many that no engine inlines the call of one of them. */
const functions: readonly ((n: number) => number)[] = [
  (n) => n + 1,
  (n) => n ^ 2,
  (n) => n - 3,
  (n) => n | 4,
  (n) => n + 5,
  (n) => n & 6,
  (n) => n - 7,
  (n) => n ^ 8,
];

export const functionCalls: Work = {
  units: ACCESSES,
  run: () => {
    let sum = 0;
    for (let i = 0; i < ACCESSES; i++) {
      sum += functions[i & 7](i);
    }
    return sum;
  },
};

const direct = (): Work => reads(registersOf('native', { iommu: 'strict' }));
const trapped = (): Work => reads(registersOf('emulated', { vram: 'map' }));

function access(name: string, against: string, work: () => Work, reference: Work): Benchmark {
  return { name, unit: 'access/s', against, prepare: () => ({ work: work(), reference }) };
}

export const accessBenchmarks: readonly Benchmark[] = [
  access('mmio.direct', 'typed-array loads', direct, arrayLoads),
  access('mmio.direct.call', 'function calls', direct, functionCalls),
  access('mmio.trapped', 'typed-array loads', trapped, arrayLoads),
  access('mmio.trapped.call', 'function calls', trapped, functionCalls),
];
