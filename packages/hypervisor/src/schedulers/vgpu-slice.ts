/**
 * How long a time slice of NVIDIA's vGPU schedulers is: Virtual GPU Software User Guide, "Changing
 * Scheduling Behavior for Time-Sliced vGPUs", table 1 and the field TT of RmPVMRL. The strict
 * schedulers are set by a frequency instead, 480 or 960 Hz by default, whose inverse is the slice:
 * 2.08 and 1.04 ms. We set both kinds by the slice.
 */
export const LEAST_SLICE_NS = 1_000_000;
export const MOST_SLICE_NS = 30_000_000;

/** @param mostVgpus  how many vGPUs of its type a GPU can have. */
export function defaultVgpuSliceNs(mostVgpus: number): number {
  return mostVgpus <= 8 ? 2_000_000 : 1_000_000;
}
