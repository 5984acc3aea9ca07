/**
 * NVIDIA's fixed share: 1/N of the GPU, N the most vGPUs of the type that a GPU can have, and so
 * the same whether others run or not. Our tenants are what the type allows.
 */
import { checkShares, checkSlice, type SchedulerKind } from './scheduler-kind.ts';
import { StrictRoundRobin } from './strict-round-robin.ts';
import { defaultVgpuSliceNs, LEAST_SLICE_NS, MOST_SLICE_NS } from './vgpu-slice.ts';

export const fixedShare: SchedulerKind = {
  name: 'fixed-share',
  doc: 'Each virtual machine has the part that is its own when all run, whether the others run or not.',
  source:
    'NVIDIA, Virtual GPU Software User Guide, scheduling policies (strict round robin, averaging factor 33).',
  defaultSliceNs: (tenants) => defaultVgpuSliceNs(tenants.length),
  make(tenants, { sliceNs }) {
    checkShares('fixed-share', tenants);
    checkSlice('fixed-share', sliceNs, LEAST_SLICE_NS, MOST_SLICE_NS);
    return new StrictRoundRobin(tenants.length, sliceNs, true);
  },
  due: (tenants, present) => present.map((here) => (here ? 1 / tenants.length : 0)),
};
