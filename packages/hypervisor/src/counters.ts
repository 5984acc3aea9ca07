/** What happened, exactly. Counted where it happens: by the hypervisor, the IOMMU and the bus. */

/**
 * Why a guest left for the hypervisor. `external-interrupt`: a physical interrupt, or the kick
 * that makes a running guest take a virtual one. `ioeventfd`: a store to a doorbell, which wakes
 * whoever serves it without the device model. `viommu`: the guest's own IOMMU is told of changes.
 */
export const exitReasons = [
  'mmio-read',
  'mmio-write',
  'config',
  'external-interrupt',
  'injection',
  'end-of-interrupt',
  'ioeventfd',
  'viommu',
] as const;
export type ExitReason = (typeof exitReasons)[number];

export interface Counts {
  /** Traps to the hypervisor, by reason. */
  readonly exitsByReason: Record<ExitReason, number>;
  /** Accesses to device registers and memory that did not trap: one per access, one per 64 bytes of a block. */
  directAccesses: number;
  /** Interrupts that the physical device sent. */
  interrupts: number;
  /** Interrupts that a guest was given. */
  injections: number;
  /** Bytes that devices read and wrote. */
  bytesDma: number;
  /** Bytes that CPUs copied: the driver's, and the host's when it serves a guest. */
  bytesCopied: number;
  /** Times that the shadows of a guest's GPU page tables were brought up to date: a comparison of all (lazy), or one entry (strict). */
  shadowUpdates: number;
  /** Packets that a mediator read before they ran. */
  commandsScanned: number;
  /** Of those: packets that it made undefined, or that lead where the guest reaches nothing. */
  commandsRefused: number;
}

export function newCounts(): Counts {
  return {
    exitsByReason: {
      'mmio-read': 0,
      'mmio-write': 0,
      config: 0,
      'external-interrupt': 0,
      injection: 0,
      'end-of-interrupt': 0,
      ioeventfd: 0,
      viommu: 0,
    },
    directAccesses: 0,
    interrupts: 0,
    injections: 0,
    bytesDma: 0,
    bytesCopied: 0,
    shadowUpdates: 0,
    commandsScanned: 0,
    commandsRefused: 0,
  };
}

export function totalExits(counts: Counts): number {
  return Object.values(counts.exitsByReason).reduce((sum, count) => sum + count, 0);
}

export function copyCounts(counts: Counts): Counts {
  return { ...counts, exitsByReason: { ...counts.exitsByReason } };
}
