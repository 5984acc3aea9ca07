import { expect, it } from 'vitest';
import { paidFor } from '../src/paid-for.ts';
import type { CountsReport } from '../src/report.ts';

const none: CountsReport = {
  ...{ exits: 0, exitsByReason: {}, exitsAfterInit: {}, directAccesses: 0 },
  ...{ hypercalls: 0, kicks: 0, interrupts: 0, injections: 0, shadowUpdates: 0 },
  ...{ commandsScanned: 0, commandsRefused: 0 },
  ...{ iotlbHits: 0, iotlbMisses: 0, iommuFaults: 0, bytesDma: 0, bytesCopied: 0 },
  ...{
    contextSwitches: 0,
    hangs: 0,
    suppressedNotifications: 0,
    descriptors: 0,
    commands: {},
    bytesMirrored: 0,
    ...{ bytesOnWire: 0, reconnections: 0 },
  },
};

function sentence(counts: Partial<CountsReport>, frames = 60): string {
  return paidFor({ counts: { ...none, ...counts }, frames: { count: frames, sha256: '' } });
}

it('says of a stack without exits what went straight through', () => {
  expect(sentence({ directAccesses: 1584, interrupts: 69 })).toBe(
    'Nothing trapped: 1,584 accesses went straight to the device, and 69 interrupts came straight back.',
  );
  expect(sentence({ iotlbHits: 3, iotlbMisses: 2 })).toMatch(
    /translated 5 times and walked its tables for 2 of them: the host's DMA API maps memory for each request\.$/,
  );
});

const setUp = { 'mmio-write': 18, config: 23 };

it('tells the exits of interrupts from those that set an assigned device up and let it go', () => {
  const interrupts = { 'external-interrupt': 4, injection: 4, 'end-of-interrupt': 4 };
  const counts = { exits: 53, exitsByReason: { ...setUp, ...interrupts }, directAccesses: 1566 };
  expect(sentence({ ...counts, exitsAfterInit: interrupts })).toBe(
    '12 exits in 60 frames and their uploads, all for interrupts; 41 more set the device up before the first frame and let it go after the last; 1,566 accesses were direct.',
  );
  expect(sentence({ exits: 41, exitsByReason: setUp }, 1)).toMatch(
    /^No exit in 1 frame and their uploads: interrupts were posted; 41 more/,
  );
});

it('tells the exits by which a guest keeps an IOMMU of its own', () => {
  const later = { injection: 8, viommu: 250 };
  const counts = { exits: 311, exitsByReason: { ...setUp, injection: 8, viommu: 262 } };
  expect(sentence({ ...counts, exitsAfterInit: later, iotlbHits: 3, iotlbMisses: 2 }, 4)).toBe(
    "8 exits in 4 frames and their uploads, all for interrupts; but for 250 by which the guest told its own IOMMU what it mapped and unmapped; 53 more set the device up before the first frame and let it go after the last; 0 accesses were direct; the IOMMU translated 5 times and walked its tables for 2 of them: the guest's DMA API maps memory for each request, and the host does so after it.",
  );
});

it('counts the register accesses of an emulated device, and those to VRAM where it is mapped', () => {
  const later = { 'mmio-read': 100, 'mmio-write': 248, injection: 69 };
  const counts = { exits: 417, exitsByReason: later, exitsAfterInit: later };
  expect(sentence(counts)).toBe(
    "Every register access was an exit to the device model: 348 in 60 frames and their uploads, and 69 more to give the guest its interrupts; the GPU's work was done by a CPU.",
  );
  expect(sentence({ ...counts, directAccesses: 1182 })).toContain(
    'interrupts; 1,182 accesses to mapped VRAM were direct; the GPU',
  );
});

it('says of a mediated device what the host read and shadowed', () => {
  const later = { 'mmio-read': 10, 'mmio-write': 46, injection: 10 };
  const mediated = { commandsScanned: 102, shadowUpdates: 13, directAccesses: 600 };
  expect(sentence({ exits: 66, exitsByReason: later, exitsAfterInit: later, ...mediated })).toBe(
    'The host stood between: 56 exits for registers and doorbells in 60 frames and their uploads, and 10 more to give the guest its interrupts; it read 102 packets before they ran and brought shadow page tables up to date 13 times; the GPU itself did the work.',
  );
});

const pair = {
  ...{ descriptors: 500, kicks: 41, suppressedNotifications: 30 },
  commands: { SUBMIT_3D: 60, RESOURCE_FLUSH: 60 },
};

it('says of the paravirtual pair what the driver asked for, and what telling of it cost', () => {
  const exits = { exits: 90, exitsAfterInit: { ioeventfd: 40, injection: 20 } };
  expect(sentence({ ...pair, ...exits })).toBe(
    'The driver asked for what it wanted: 120 commands in shared memory, with 41 notifications; 30 more, in either direction, were spared. 60 exits in 60 frames and their uploads, and the host copied and checked what it was sent.',
  );
});

it('says of a driver with a doorbell of its own that submissions were no exits', () => {
  const commands = { SUBMIT_3D: 3, RESOURCE_MAP_BLOB: 1, RESOURCE_FLUSH: 60 };
  const exitsAfterInit = { ioeventfd: 60, injection: 20, 'external-interrupt': 20 };
  expect(sentence({ ...pair, commands, exits: 200, exitsAfterInit })).toBe(
    'The driver asked for what it wanted: 64 commands in shared memory, with 41 notifications; 30 more, in either direction, were spared. It submitted by itself, at a doorbell of the GPU that is mapped into the guest: no submission was an exit, and the host looked at none. 100 exits in 60 frames and their uploads, 40 of them for interrupts.',
  );
});

it('says of a backend elsewhere that there is no machine around it, and what travelled', () => {
  expect(sentence(pair)).toMatch(
    /spared\. There is no virtual machine here: nothing traps, and time is the wall's\.$/,
  );
  expect(sentence({ ...pair, bytesOnWire: 9000, bytesMirrored: 500, reconnections: 2 })).toMatch(
    /9,000 bytes travelled, 500 of them rings and requests\. The backend was lost and taken in hand anew 2 times; what it counts is of the last time\.$/,
  );
});
