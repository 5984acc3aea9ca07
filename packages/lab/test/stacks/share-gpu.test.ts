/** What guests may not be given is refused, in a sentence that says what may. */
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/input-error.ts';
import { runStack } from '../../src/run.ts';
import { scenes } from '../../src/scenes/index.ts';
import { stackKinds, stackSpec } from '../../src/stack-spec.ts';
import { testEnvironment } from '../environment.ts';

const scene = scenes.get('clear')!;
const context = { width: 16, height: 16, frames: 1, seed: 1 };

interface Wanted {
  readonly guests?: number;
  readonly weight?: number;
  readonly cap?: number;
  readonly options?: Readonly<Record<string, string>>;
}

/** How a run is refused. */
async function refusal(stack: string, wanted: Wanted): Promise<string> {
  const { guests: count = 2, weight = 1, cap = 0, options = {} } = wanted;
  const guests = Array.from({ length: count }, (_, index) => ({
    ...{ name: `guest${index}`, scene, context, weight, cap },
  }));
  const request = { spec: stackSpec(stack, options), scene, context, guests };
  try {
    await runStack({ ...request, profile: profiles.get('free')! }, testEnvironment);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  return '';
}

describe.each([...stackKinds.keys()])('%s refuses', (name) => {
  it('a weight of 0', async () => {
    expect(await refusal(name, { weight: 0 })).toBe(
      'The weight of tenant 0 is 0, but round-robin takes whole numbers from 1 to 65535.',
    );
  });

  it('a weight that GVT-g does not know', async () => {
    expect(await refusal(name, { weight: 17, options: { scheduler: 'weighted' } })).toBe(
      'The weight of tenant 0 is 17, but weighted takes whole numbers from 1 to 16.',
    );
  });

  it.each([101, -1, NaN])('a cap of %d %%', async (cap) => {
    expect(await refusal(name, { cap })).toBe(
      `The cap of tenant 0 is ${cap} %, but a cap is 0 (none) to 100 % of the GPU.`,
    );
  });

  it('a time slice that a vGPU cannot have', async () => {
    const options = { scheduler: 'equal-share', timeslice: '5' };
    expect(await refusal(name, { options })).toBe(
      'The time slice is 5000 ns, but equal-share takes whole numbers from 1000000 to 30000000 ns.',
    );
  });

  it('a scheduler that there is not', async () => {
    await expect(async () => refusal(name, { options: { scheduler: 'fair' } })).rejects.toThrow(
      `'scheduler=fair' of '${name}': 'fair' is not one of round-robin, best-effort,`,
    );
  });
});

it('pv without a GPU refuses what it has no use for, too', async () => {
  const options = { renderer: 'software' };
  expect(await refusal('pv', { weight: 0, options })).toContain('weight');
  expect(await refusal('pv', { options })).toBe('');
});

it.each([
  ['native', 129, "'native': the GPU has 128 channels, too few for 129 guests: use at most 128."],
  ['pv', 129, "'pv': the GPU has 128 channels, too few for 129 guests: use at most 128."],
  [
    'pv-assisted',
    128,
    "'pv-assisted': the GPU has 127 channels, too few for 128 guests: use at most 127.",
  ],
  [
    'sriov',
    17,
    "'sriov': the GPU has 16 virtual functions, too few for 17 guests: give it at most 16.",
  ],
  ['mdev', 5, "'mdev': the GPU has 4 instances of bell-4, too few for 5 guests: use type=bell-8."],
  [
    'passthrough',
    32,
    "'passthrough': the machine has room for 31 GPUs, too few for 32 guests: give it at most 31.",
  ],
])('%s has no room for %d guests', async (name, guests, message) => {
  expect(await refusal(name, { guests })).toBe(message);
});
