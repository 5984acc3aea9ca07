/** What any implementation of `Gpu` is checked for, on a stack that has it. */
import { commandNames, type CommandName, type Gpu } from '@doorbell/abi';
import type { OwnParts } from '@doorbell/lab';
import { Bench } from '../check/bench.ts';
import type { Check } from '../check/check.ts';
import type { Part } from '../part.ts';
import { copyPrograms } from './copy-programs.ts';
import { drawPrograms } from './draw-programs.ts';
import { mustEqual, needCommands, pictureOf, referenceGpu } from './target.ts';

/** A stack with the part in it. */
export interface GpuStack<P extends Part> {
  /** As for --stacks. */
  readonly stack: string;
  readonly own: (part: P) => OwnParts;
  /** Whether the Gpu is asked what it offers before, or the stack's driver offers it all. */
  readonly offers?: (part: P) => Promise<Gpu['features']>;
}

/** What each command draws. */
export function programChecks<P extends Part>({ stack, own, offers }: GpuStack<P>): Check<P>[] {
  return [...copyPrograms, ...drawPrograms].map(({ id, title, commands, draw }) => ({
    ...{ id: `gpu/${id}`, clause: `commands.${commands[0]}`, title },
    run: async (part, bench) => {
      needCommands(await offers?.(part), commands);
      const reference = referenceGpu();
      const expected = await pictureOf(reference, await draw(reference));
      await bench.onStack(stack, own(part), async ({ gpu }) => {
        mustEqual(expected, await pictureOf(gpu, await draw(gpu)));
      });
    },
  }));
}

/** The commands of scenes that take few. */
const drawnWith: Readonly<Record<string, readonly CommandName[]>> = { clear: ['fill'] };

/** A frame of scenes that draw pictures, against the frame that bare metal shows. */
export function sceneChecks<P extends Part>(
  { stack, own, offers }: GpuStack<P>,
  scenes: readonly string[],
): Check<P>[] {
  return scenes.map((name) => ({
    id: `gpu/scene/${name}`,
    clause: 'Gpu: every implementation draws the same pixels',
    title: `A frame of the scene ${name} has the pixels that it has everywhere.`,
    run: async (part, bench) => {
      needCommands(await offers?.(part), drawnWith[name] ?? commandNames);
      const expected = await new Bench(bench.environment).frame('native', {}, name);
      mustEqual(expected, await bench.frame(stack, own(part), name));
    },
  }));
}
