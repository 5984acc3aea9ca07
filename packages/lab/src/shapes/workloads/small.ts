/** Work that is short: the GPU is done before the CPU has told it what to do. */
import { burstOf, BURST_DRAWS } from '../../scenes/burst.ts';
import { churn as churnScene } from '../../scenes/churn.ts';
import { nop as nopScene } from '../../scenes/nop.ts';
import { triangle as triangleScene } from '../../scenes/triangle.ts';
import type { Scene } from '../../scene.ts';
import type { Workload } from '../runs.ts';

const small = (name: string, scene: Scene): Workload => ({
  ...{ name, scene, width: 64, height: 48, between: [2, 4] },
});

/** 16 empty submissions in a frame, each waited for. By frame 6 two sides that poll are in step. */
export const nop: Workload = { ...small('nop', nopScene), between: [6, 8] };
export const NOP_REQUESTS = 16;

export const triangle = small('triangle', triangleScene);
export const churn = small('churn', churnScene);

export { BURST_DRAWS };

/** 64 small draws in a frame, so many in a submission, each submission waited for. */
export function waitedBurst(perSubmission: number): Workload {
  return small(`burst ${perSubmission}`, burstOf(perSubmission, 'each'));
}
