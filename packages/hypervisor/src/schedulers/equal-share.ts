/**
 * NVIDIA's equal share: each vGPU that runs has 1/N of the GPU, N the number of those that run. If
 * one "has no tasks during its allocated timeslice, its GPU resources will remain idle rather than
 * being reallocated" (docs.nvidia.com/vgpu/faq, Deployment).
 */
import { equalParts } from './due-parts.ts';
import { checkShares, checkSlice, type SchedulerKind } from './scheduler-kind.ts';
import { StrictRoundRobin } from './strict-round-robin.ts';
import { defaultVgpuSliceNs, LEAST_SLICE_NS, MOST_SLICE_NS } from './vgpu-slice.ts';

export const equalShare: SchedulerKind = {
  name: 'equal-share',
  doc: 'Each virtual machine that runs has an equal part, used or not, which changes as others start and stop.',
  source:
    'NVIDIA, Virtual GPU Software User Guide, scheduling policies (strict round robin, averaging factor 33).',
  defaultSliceNs: (tenants) => defaultVgpuSliceNs(tenants.length),
  make(tenants, { sliceNs }) {
    checkShares('equal-share', tenants);
    checkSlice('equal-share', sliceNs, LEAST_SLICE_NS, MOST_SLICE_NS);
    return new StrictRoundRobin(tenants.length, sliceNs, false);
  },
  due: (_tenants, present) => equalParts(present),
};
