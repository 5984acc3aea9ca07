/** A report of three stacks with figures that are easy to recognise. */
import {
  contractOf,
  type CompareReport,
  type CountsReport,
  type StackReport,
  type TimeReport,
} from '@doorbell/lab';

const noCounts: CountsReport = {
  exits: 0,
  exitsByReason: {},
  exitsAfterInit: {},
  directAccesses: 0,
  hypercalls: 0,
  kicks: 0,
  suppressedNotifications: 0,
  descriptors: 0,
  commands: {},
  interrupts: 0,
  injections: 0,
  iotlbHits: 0,
  iotlbMisses: 0,
  iommuFaults: 0,
  bytesDma: 0,
  bytesCopied: 0,
  bytesMirrored: 0,
  bytesOnWire: 0,
  reconnections: 0,
  shadowUpdates: 0,
  commandsScanned: 0,
  commandsRefused: 0,
  contextSwitches: 0,
  hangs: 0,
};

const phases = (wait: number): TimeReport['byPhase'] => ({
  init: 1000,
  upload: 0,
  submit: 2000,
  wait,
  readback: 0,
  present: 0,
  close: 0,
});

export function handMadeStack(id: string, parts: Partial<StackReport> = {}): StackReport {
  return {
    id,
    name: id.split(':')[0],
    term: `the term of ${id}`,
    options: {},
    driver: { package: 'guest-driver', sha256: 'd'.repeat(64) },
    frames: { count: 10, sha256: 'f'.repeat(64) },
    guests: [],
    sharing: null,
    counts: noCounts,
    time: {
      setupNs: 0,
      virtualNs: 10_000,
      byPhase: phases(7000),
      byCost: { 'engine.draw': 6000, 'mmio.read': 900, 'driver.load': 30 },
      relativeToNative: 1,
      wallMs: 1500,
    },
    paidFor: `What ${id} paid for.`,
    contract: contractOf('native'),
    ...parts,
  };
}

const passthrough = handMadeStack('passthrough:posted-interrupts=on', {
  counts: {
    ...noCounts,
    exits: 1012,
    exitsByReason: { config: 12, 'external-interrupt': 1000, injection: 0 },
    exitsAfterInit: { 'external-interrupt': 990 },
    directAccesses: 4321,
    iotlbHits: 999,
    iotlbMisses: 1,
    bytesDma: 3 << 20,
  },
  time: {
    setupNs: 5000,
    virtualNs: 25_000,
    byPhase: phases(22_000),
    byCost: { 'engine.draw': 6000, 'exit.interrupt': 15_000 },
    relativeToNative: 2.5,
    wallMs: 3000,
  },
});

export const handMadeReport: CompareReport = {
  schema: 'doorbell.compare/1',
  scene: { name: 'bunny', frames: 10, width: 640, height: 480, seed: 1, guests: 1 },
  profile: 'kvm-x86',
  identical: true,
  stacks: [handMadeStack('native'), passthrough, handMadeStack('emulated')],
};
