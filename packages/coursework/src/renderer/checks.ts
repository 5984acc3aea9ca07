/** All that a renderer is checked for. */
import type { Check } from '../check/check.ts';
import { programChecks, sceneChecks, type GpuStack } from '../gpu/checks.ts';
import { contractChecks } from '../gpu/contract.ts';
import { MEMORY_BYTES, type Watched } from '../gpu/target.ts';
import { Shown } from '../check/shown.ts';
import { ownParts, type RendererPart } from '../part.ts';

/** Without a driver, a ring or a machine around it. */
async function openBare({ open }: RendererPart): Promise<Watched> {
  const display = new Shown();
  const gpu = await open({ display, memoryBytes: MEMORY_BYTES, spend: () => {} });
  return { gpu, shown: display.pictures };
}

const onStack: GpuStack<RendererPart> = {
  stack: 'pv:renderer=own',
  own: ownParts,
  offers: async (part) => (await openBare(part)).gpu.features,
};

export const rendererChecks: readonly Check<RendererPart>[] = [
  ...contractChecks.map(({ body, ...info }) => ({
    ...info,
    run: async (part: RendererPart) => {
      await body(await openBare(part));
    },
  })),
  ...programChecks(onStack),
  ...sceneChecks(onStack, ['clear', 'triangle', 'image', 'bunny']),
];
