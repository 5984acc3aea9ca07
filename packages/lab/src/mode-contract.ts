/**
 * What each way through gives to and takes from the host: the contract that comes with a stack's
 * name, whatever its speed. Rows are by the stacks' names; what a test can see in a run is in
 * `facts`, and is tested.
 */

/** The questions, in the order in which they are answered. */
export const contractQuestions = {
  hostKnows: "What the host knows of the guest's work",
  gpuMmu: "Who owns the GPU's page tables",
  iommu: "Who owns the IOMMU's tables",
  requesterIds: 'Which requester IDs appear on the bus',
  interrupts: 'Who gets interrupts',
  errors: 'Who sees errors, and how',
  monitoring: 'What the host can watch',
  reset: 'What a reset takes',
  scheduling: 'Who schedules',
  pinning: "What of the guest's memory is pinned",
} as const;

export type ContractQuestion = keyof typeof contractQuestions;

/** What a run shows of it, with the options at their defaults. */
export interface ContractFacts {
  /** Whom the requester ID of a DMA packet names: a function that one owner has, one that all share, or nobody. */
  readonly requester: 'own' | 'shared' | 'none';
  readonly pinned: 'all' | 'part' | 'none';
  /** Who takes the GPU's interrupts first: the application's own driver, the host, or nobody, for there is none. */
  readonly interrupt: 'driver' | 'host' | 'none';
  /** How a submission reaches the GPU: a store of the driver's, a trap, or a request to a backend. */
  readonly submission: 'direct' | 'trapped' | 'requested';
}

export type ModeContract = Readonly<Record<ContractQuestion, string>> & {
  readonly facts: ContractFacts;
};

const contracts: Readonly<Record<string, ModeContract>> = {
  native: {
    hostKnows: 'Everything: the driver is its own.',
    gpuMmu: "The host's driver writes them, and the GPU walks them.",
    iommu:
      'The kernel: its DMA API maps a buffer before the GPU may reach it, and unmaps it after.',
    requesterIds: "The GPU's.",
    interrupts: 'The driver.',
    errors:
      'The driver, by the fault registers and the interrupt of a channel. The kernel has the fault records of DMA that the IOMMU refuses.',
    monitoring: "All that the driver does, and the GPU's registers.",
    reset: 'A channel, or the whole function.',
    scheduling: 'The GPU, among channels; of several processes, the scheduler that the host loads.',
    pinning: 'No guest. A driver keeps the buffers in place that it has mapped.',
    facts: { requester: 'own', pinned: 'none', interrupt: 'driver', submission: 'direct' },
  },
  passthrough: {
    hostKnows:
      'Nothing of the work. It sees configuration accesses, MSI-X table accesses and interrupts.',
    gpuMmu: "The guest's driver.",
    iommu:
      "VFIO: guest-physical addresses lead to the guest's memory, and nowhere else. With `viommu`, the guest keeps tables of its own, and VFIO maps what they map.",
    requesterIds: "The GPU's; its group belongs to the guest.",
    interrupts:
      "VFIO's handler on the host, which gives them to the guest; or the hardware posts them to the guest.",
    errors:
      "The guest's driver sees the channels' faults, as on bare metal. The host has the fault records of DMA that the IOMMU refuses.",
    monitoring: 'Exits, interrupts, IOMMU faults. It has no driver on the GPU to ask for more.',
    reset:
      'The whole function: when the guest asks, when its device is opened, and when it is closed.',
    scheduling: "The GPU, among this guest's channels. No other guest has any.",
    pinning:
      'All of it, for as long as the GPU is assigned. With `viommu`, what the guest has mapped.',
    facts: { requester: 'own', pinned: 'all', interrupt: 'host', submission: 'direct' },
  },
  sriov: {
    hostKnows: 'Which function has which channels and how much VRAM; nothing of the work.',
    gpuMmu: "The guest's driver, within the VRAM of its function.",
    iommu:
      'VFIO, for each virtual function by itself; with `viommu`, after the tables of its guest.',
    requesterIds: 'One for each virtual function, so that the IOMMU tells guests apart.',
    interrupts:
      "VFIO's handler on the host, for each virtual function its own; or the hardware posts them.",
    errors:
      "The guest's driver sees its own channels' faults. The host has the fault records of refused DMA, by virtual function.",
    monitoring: 'As with passthrough; the driver of the physical function also sees the shares.',
    reset: 'One virtual function; the others go on. A reset of the physical one ends them all.',
    scheduling:
      'The GPU, by the quotas and the scheduler that the host loads into it; within a function, among its channels.',
    pinning:
      'All of it, for as long as the function is assigned. With `viommu`, what the guest has mapped.',
    facts: { requester: 'own', pinned: 'all', interrupt: 'host', submission: 'direct' },
  },
  mdev: {
    hostKnows: 'Each submission: commands are read and checked before they run.',
    gpuMmu: 'The guest writes its own; the host keeps shadows of them, which the GPU walks.',
    iommu: "The host's driver, for the GPU that all guests share.",
    requesterIds: "The GPU's, for all guests: the IOMMU cannot tell them apart, the shadows must.",
    interrupts: "The host's driver, which gives each to the guest that it is for.",
    errors:
      "The host takes faults first, and shows each to the guest that caused it. It refuses commands that are not the guest's, and has the hardware refuse addresses.",
    monitoring: 'Each access that traps, and each command before it runs.',
    reset: "One guest's virtual device; the others go on.",
    scheduling:
      'The scheduler that the host loads. Submissions pass the host, which reads them and holds none back.',
    pinning: 'The pages that the GPU has been given, from when it is.',
    facts: { requester: 'shared', pinned: 'part', interrupt: 'host', submission: 'trapped' },
  },
  emulated: {
    hostKnows: 'Everything: each register access comes to it, and it does the work itself.',
    gpuMmu: "The guest's driver writes them, and the device model walks them.",
    iommu: "Nobody: no device reaches the guest's memory, a program of the host does.",
    requesterIds: 'None. There is no packet.',
    interrupts: "The guest's, from the device model: there is no physical one.",
    errors: "The guest's driver, by registers and interrupts that the device model gives it.",
    monitoring: 'Everything.',
    reset: 'State of the device model.',
    scheduling:
      'The host: the device models of all guests draw on one of its CPUs, by the same schedulers.',
    pinning: 'Nothing.',
    facts: { requester: 'none', pinned: 'none', interrupt: 'none', submission: 'trapped' },
  },
  pv: {
    hostKnows: 'Each command and each resource, by what it is: the guest asks for it by name.',
    gpuMmu: "The host's driver. The guest has resource ids and no address on the GPU.",
    iommu: "The kernel, for the host's own buffers. The GPU never reaches the guest's memory.",
    requesterIds: "The GPU's, for the host's driver and so for all guests.",
    interrupts: "The host's driver. The guest gets those of its virtqueues.",
    errors:
      "The host's driver sees the GPU's faults. The guest gets an error as the response to its command; a broken ring stops its device alone.",
    monitoring: 'Commands, resources and fences of each guest.',
    reset: "One guest's virtual device, with its resources and contexts; the GPU goes on.",
    scheduling:
      'The backends, one for each guest, which take commands from rings; then the scheduler that the host loads.',
    pinning: 'Nothing: the backend copies.',
    facts: { requester: 'shared', pinned: 'none', interrupt: 'host', submission: 'requested' },
  },
  'pv-assisted': {
    hostKnows: 'Contexts, allocations and page tables; nothing of what is submitted.',
    gpuMmu: 'The host, which writes them when the guest asks. There is nothing to shadow.',
    iommu: "The host's driver, for the GPU that all guests share.",
    requesterIds:
      "The GPU's, for all guests: page tables that only the host writes keep them apart.",
    interrupts: "The host's driver, which tells the guest whose channel it is.",
    errors:
      "The host's driver sees the channel's faults, and tells the guest whose channel it is. Requests are refused by their responses.",
    monitoring: 'Allocations, and the time of each channel on the GPU. Commands pass unseen.',
    reset: "One guest's channels; the others go on.",
    scheduling:
      'The scheduler that the host loads: it holds back no submission, but says whose packets run.',
    pinning: 'The pages that the guest has handed over as buffers.',
    facts: { requester: 'shared', pinned: 'part', interrupt: 'host', submission: 'direct' },
  },
};

/** @throws RangeError when no stack has the name. */
export function contractOf(stackName: string): ModeContract {
  if (!Object.hasOwn(contracts, stackName)) {
    throw new RangeError(`There is no contract of a stack '${stackName}'.`);
  }
  return contracts[stackName];
}
