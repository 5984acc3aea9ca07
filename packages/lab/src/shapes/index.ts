/** The shapes of the literature: one file for each source, and here they are one list. */
import type { Profile } from '@doorbell/hypervisor';
import type { Environment } from '../environment.ts';
import { eli } from './eli.ts';
import { ghyvi } from './ghyvi.ts';
import { gpuvm } from './gpuvm.ts';
import { gvtg } from './gvtg.ts';
import { longWork } from './long-work.ts';
import { paradice } from './paradice.ts';
import { Runs } from './runs.ts';
import type { Shape } from './shape.ts';
import { svga } from './svga.ts';
import { viommu } from './viommu.ts';
import { wiosca } from './wiosca.ts';

/** The shapes of one source, or of several that say the same. */
export interface ShapeGroup {
  /** Of its chart's file. */
  readonly id: string;
  readonly title: string;
  readonly shapes: readonly Shape[];
}

/** In the order of the page. */
export const shapeGroups: readonly ShapeGroup[] = [
  { id: 'gpuvm', title: 'GPUvm', shapes: gpuvm },
  { id: 'long-work', title: 'LoGV, AvA and gVirt', shapes: longWork },
  { id: 'svga', title: 'VMware SVGA', shapes: svga },
  { id: 'paradice', title: 'Paradice', shapes: paradice },
  { id: 'viommu', title: 'vIOMMU', shapes: viommu },
  { id: 'eli', title: 'ELI', shapes: eli },
  { id: 'wiosca', title: 'Strategies for the IOTLB', shapes: wiosca },
  { id: 'ghyvi', title: 'gHyvi', shapes: ghyvi },
  { id: 'gvtg', title: "GVT-g's scheduler", shapes: gvtg },
];

export const shapes: readonly Shape[] = shapeGroups.flatMap((group) => group.shapes);

/** The values of every shape's rows under a profile, by the shape's id. */
export async function measureShapes(
  profile: Profile,
  environment: Environment,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const runs = new Runs(profile, environment);
  const values: Record<string, readonly number[]> = {};
  for (const shape of shapes) {
    values[shape.id] = await shape.measure(runs);
  }
  return values;
}
