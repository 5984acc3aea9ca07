/** The options that say what is run: through which stacks, what is drawn, and what things cost. */
import { parseStacks, stackKinds, type CompareRequest } from '@doorbell/lab';
import { Option, type Command } from 'commander';
import { pictureSize, wholeNumber, type Size } from './argument.ts';
import { readGuests, type GuestFlags } from './guest-flags.ts';
import { ownFor } from './own-part.ts';
import { loadProfile } from './profile-file.ts';
import { findScene, readInputs } from './scene-input.ts';
import { givenStackOptions } from './stack-flags.ts';

export interface RunFlags extends GuestFlags {
  readonly stacks: string;
  readonly profile: string;
  readonly with?: string;
}

/** What runs when nothing is asked for. */
interface RunDefaults {
  readonly stacks: string;
  readonly scene: string;
  readonly frames: number;
  readonly size: Size;
}

const shown: RunDefaults = {
  ...{ stacks: [...stackKinds.keys()].join(','), scene: 'bunny' },
  ...{ frames: 60, size: { width: 640, height: 480 } },
};

/** All but those of guests and of stacks, which have groups of their own. */
export function addRunFlags(command: Command, defaults = shown): void {
  const { stacks, scene, frames, size } = defaults;
  const sizeOption = new Option('--size <WxH>', 'pixels, each side from 16 to 4096')
    .argParser(pictureSize(16, 4096))
    .default(size, `${size.width}x${size.height}`);
  command
    .option('--stacks <list>', 'names with options: native,emulated:vram=trap', stacks)
    .option('--scene <name>', 'what is drawn; see doorbell list', scene)
    .option('--frames <n>', 'from 1 to 100000', wholeNumber(1, 100_000), frames)
    .addOption(sizeOption)
    .option('--seed <n>', "seed of the scene's random content", wholeNumber(0, 2 ** 32 - 1), 1)
    .option('--profile <name|file>', 'what things cost; see doorbell list', 'kvm-x86')
    .option('--with <folder>', 'a part of your own, for stacks that ask for it: pv:renderer=own')
    .option('--model <file>', 'an .obj, .ply or .glb file in place of the bunny')
    .option('--texture <file>', 'a PNG for --model or the scene image');
}

/**
 * The request that the options describe.
 * @param implied  stack options that other options stand for.
 * @throws Failure, InputError
 */
export async function readRunFlags(
  flags: RunFlags,
  implied: Readonly<Record<string, string>> = {},
): Promise<CompareRequest> {
  const { stacks, scene, frames, size, seed, profile, with: part } = flags;
  const guests = await readGuests(flags);
  const found = guests?.[0].scene ?? findScene(scene);
  const specs = parseStacks(stacks, { ...implied, ...givenStackOptions({ ...flags }) });
  const own = await ownFor(specs, part);
  return {
    stacks: specs,
    scene: found,
    frames,
    width: size.width,
    height: size.height,
    seed,
    profile: loadProfile(profile),
    ...(own === undefined ? {} : { own }),
    ...(guests === undefined ? await readInputs(found, flags) : { guests }),
  };
}
