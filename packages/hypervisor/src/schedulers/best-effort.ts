/**
 * NVIDIA's best effort, the default of its vGPUs: "If a VM has no task or has used up its time
 * slice, the scheduler will move to the next VM in the queue", and no share is guaranteed
 * (docs.nvidia.com/vgpu/faq, Deployment). That is round robin. How long its slice is, nobody says;
 * we take the default of the other two.
 */
import { equalParts } from './due-parts.ts';
import { RoundRobin } from './round-robin.ts';
import { checkShares, checkSlice, type SchedulerKind } from './scheduler-kind.ts';
import { defaultVgpuSliceNs, LEAST_SLICE_NS, MOST_SLICE_NS } from './vgpu-slice.ts';

export const bestEffort: SchedulerKind = {
  name: 'best-effort',
  doc: 'Round robin with the time slice of a vGPU: what one leaves unused, the others have, and nothing is guaranteed.',
  source: 'NVIDIA, Virtual GPU Software User Guide, scheduling policies; vGPU FAQ, Deployment.',
  defaultSliceNs: (tenants) => defaultVgpuSliceNs(tenants.length),
  make(tenants, { sliceNs }) {
    checkShares('best-effort', tenants);
    checkSlice('best-effort', sliceNs, LEAST_SLICE_NS, MOST_SLICE_NS);
    return new RoundRobin(tenants.length, sliceNs);
  },
  due: (_tenants, present) => equalParts(present),
};
