/** Bugs of the driver half of a split virtqueue. */
import type { Mutant } from './mutant.ts';

const SPLIT = 'packages/pv-frontend/src/ring/split.ts';

const bugs: readonly Omit<Mutant, 'kind' | 'policy'>[] = [
  {
    id: 'driver-frees-by-entry',
    file: SPLIT,
    from: `    this.checkUsed(id, length);
    return this.complete(id, length);`,
    to: `    this.checkUsed(id, length);
    this.complete(this.lastUsed & this.mask, length);
    return id;`,
    cite: 'hermit-os/kernel b496e9b8adb3 (#1327): fix(virtq/split): return id with the correct index for the chain head',
    symptom: 'As long as requests are answered in order all is well; then data gets mixed up.',
    cause:
      'The chain is freed whose number is the place in the used ring, not the one that it names.',
    caughtBy: 'virtio-1.3/2.7.8/by-head',
  },
  {
    id: 'driver-entry-too-many',
    file: SPLIT,
    from: 'const entry = this.availIdx & this.mask;',
    to: 'const entry = this.availIdx % (this.size + 1);',
    cite: 'hermit-os/kernel 74bf18da510e: fix(virtqueue/split): fix off-by-one error, in the length of the available ring',
    symptom: 'The device answers as many requests as the queue has entries, and then an old one.',
    cause: 'The available ring is taken to have an entry more: used_event, which stands behind it.',
    caughtBy: 'virtio-1.3/2.7.13.3/wraps',
  },
  {
    id: 'driver-idx-relaxed',
    file: SPLIT,
    from: 'this.memory.release16(this.avail + availRing.IDX, idx);',
    to: 'this.memory.store16(this.avail + availRing.IDX, idx);',
    cite: 'rcore-os/virtio-drivers a609ad8af436 (#128): use atomic reads and writes for available and used ring',
    symptom:
      'On Arm, never on x86, the device now and then reads a descriptor that is not there yet.',
    cause: 'idx is written without release: the device may see it before the descriptors.',
    caughtBy: 'virtio-1.3/2.7.13.3.1/barrier',
  },
  {
    id: 'driver-asks-too-early',
    file: SPLIT,
    from: `    // Step 6: it sees idx before we look whether it wants to know (§2.7.13.4.1).
    this.memory.fence();
`,
    to: '',
    cite: 'DPDK d21d05c7a9c1: net/virtio: add barrier before reading the flags',
    symptom: 'Once in millions of requests the driver waits for a device that sleeps.',
    cause: 'Nothing keeps the look at the flags of the used ring behind the store of idx.',
    caughtBy: 'virtio-1.3/2.7.13.4.1/barrier-flags',
  },
  {
    id: 'driver-used-id-trusted',
    file: SPLIT,
    from: 'if (id >= this.size || this.counts[id] === 0 || this.isUnpublished(id)) {',
    to: 'if (id >= this.size || this.isUnpublished(id)) {',
    cite: 'intel/MigTD 4b14a85039c9: fix(virtio/virtqueue): authenticate descriptor completions; zephyr issue 113343',
    symptom: 'A device that goes wrong has the driver free what was never in use.',
    cause:
      'A used id is compared with the size of the queue, and not with the chains that are out.',
    caughtBy: 'virtio-1.3/2.7.8/refuses-id-never-given',
  },
  {
    id: 'driver-length-trusted',
    file: SPLIT,
    from: 'if (length > this.writable[id]) {',
    to: 'if (length > 0xffff_ffff) {',
    cite: 'intel/MigTD 7829a8f9d072: fix VirtIO descriptor length validation bugs; Linux 939779f5152d: virtio_ring: validate used buffer length',
    symptom: 'A host reads memory of its guest that no buffer was in.',
    cause: 'The used length is believed, though it is more than the chain has room for.',
    caughtBy: 'virtio-1.3/2.7.8.2/refuses-length',
  },
  {
    id: 'driver-follows-the-table',
    file: SPLIT,
    from: '      const next = this.links[index];\n',
    to: `      const written = this.memory.load16(this.desc + DESC_BYTES * index + 14);
      const next = written === 0 ? this.links[index] : written & this.mask;
`,
    cite: 'rcore-os/virtio-drivers ea3de12e98c3: keep shadow copy of descriptor table',
    symptom: 'A device that writes where it must not takes the driver along.',
    cause: 'Which descriptor is free next is read from the table, which the device can write.',
    caughtBy: 'virtio-1.3/2.7.5.1/scribbled',
  },
  {
    id: 'driver-used-event-stale',
    file: SPLIT,
    from: 'this.memory.release16(this.avail + availRing.usedEvent(this.size), this.lastUsed);',
    to: 'this.memory.release16(this.avail + availRing.FLAGS, 0);',
    cite: 'rcore-os/virtio-drivers 3ce80bd1022e: update VirtQueue avail used_event to support VIRTIO_F_EVENT_IDX',
    symptom: 'With EVENT_IDX the first request is answered, and the driver never wakes up again.',
    cause: 'used_event is not moved when the driver wants to be told of the next buffer.',
    caughtBy: 'virtio-1.3/2.7.7.1/used-event',
  },
  {
    id: 'driver-avail-event-plain',
    file: SPLIT,
    from: '? needEvent(this.memory.acquire16(this.used + usedRing.availEvent(this.size)), idx, old)',
    to: '? idx >= ((this.memory.acquire16(this.used + usedRing.availEvent(this.size)) + 1) & 0xffff)',
    cite: 'rcore-os/virtio-drivers 7385d61153af: should_notify compares avail_event and idx as plain numbers',
    symptom:
      'With EVENT_IDX the device is notified of more than it asked for, and once in 65536 of less.',
    cause: 'avail_event and idx are compared as plain numbers, which they are not when idx wraps.',
    caughtBy: 'virtio-1.3/2.7.10.1/avail-event',
  },
  {
    id: 'driver-chain-of-4-gib',
    file: 'packages/pv-frontend/src/ring/chain-bytes.ts',
    from: 'if (read + written > MAX_CHAIN_BYTES) {',
    to: 'if (read + written > Number.MAX_SAFE_INTEGER) {',
    cite: 'rcore-os/virtio-drivers ffa8ee2e3c1c: panic if buffer length >= 4 GiB, rather than passing an incorrect length',
    symptom: 'Very large transfers end early, without an error.',
    cause: 'Nobody looks whether a chain has more bytes than the lengths of the ring can tell.',
    caughtBy: 'virtio-1.3/2.7.5.2/bytes',
  },
  {
    id: 'driver-batch-of-one',
    file: SPLIT,
    from: 'const chains = ((this.sequences[id] - this.lastUsed) & 0xffff) + 1;',
    to: 'const chains = 1;',
    cite: 'DPDK e788032aaca7: net/virtio: fix in-order Tx path for split ring',
    symptom: 'With IN_ORDER some buffers never come back.',
    cause: 'An entry of the used ring is taken for one chain, and may be of a batch of them.',
    caughtBy: 'virtio-1.3/2.7.9/batch',
  },
];

export const driverQueueMutants: readonly Mutant[] = bugs.map((bug) => ({
  ...bug,
  kind: 'driver-queue',
}));
