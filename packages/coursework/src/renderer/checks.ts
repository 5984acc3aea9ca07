/** All that a renderer is checked for. */
import { commandNames } from '@doorbell/abi';
import { Bench } from '../check/bench.ts';
import type { Check } from '../check/check.ts';
import { ownParts, type RendererPart } from '../part.ts';
import { contractChecks } from './contract.ts';
import { programs } from './programs.ts';
import { mustEqual, needCommands, openBare, pictureOf, referenceGpu } from './target.ts';

const STACK = 'pv:renderer=own';

/** What each command draws, through the whole of the paravirtual stack. */
const programChecks = programs.map(({ id, title, commands, draw }): Check<RendererPart> => ({
  ...{ id: `gpu/${id}`, clause: `commands.${commands[0]}`, title },
  run: async (part, bench) => {
    await checkOffered(part, commands);
    const reference = referenceGpu();
    const expected = await pictureOf(reference, await draw(reference));
    await bench.onStack(STACK, ownParts(part), async (gpu) => {
      mustEqual(expected, await pictureOf(gpu, await draw(gpu)));
    });
  },
}));

/** Scenes that draw pictures, a frame of each. */
const sceneChecks = ['clear', 'triangle', 'image', 'bunny'].map((name): Check<RendererPart> => ({
  id: `gpu/scene/${name}`,
  clause: 'Gpu: every implementation draws the same pixels',
  title: `A frame of the scene ${name} has the pixels that it has everywhere.`,
  run: async (part, bench) => {
    await checkOffered(part, commandNames);
    const expected = await new Bench(bench.environment).frame('native', {}, name);
    mustEqual(expected, await bench.frame(STACK, ownParts(part), name));
  },
}));

async function checkOffered(part: RendererPart, commands: readonly string[]): Promise<void> {
  const { gpu } = await openBare(part);
  needCommands(gpu, commands);
}

export const rendererChecks: readonly Check<RendererPart>[] = [
  ...contractChecks,
  ...programChecks,
  ...sceneChecks,
];
