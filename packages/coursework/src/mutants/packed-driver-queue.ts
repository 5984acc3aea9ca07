/** Bugs of the driver half of a packed virtqueue. */
import type { Mutant } from './mutant.ts';

const PACKED = 'packages/pv-frontend/src/ring/packed.ts';

const bugs: readonly Omit<Mutant, 'kind' | 'policy' | 'file'>[] = [
  {
    id: 'packed-driver-no-next',
    from: 'const next = i < last ? NEXT : 0;',
    to: 'const next = i > 0 && i < last ? NEXT : 0;',
    cite: 'DPDK f923636411c5: net/virtio: fix missing next flag in Tx packed ring',
    symptom: 'The device sees the header of a request, and nothing behind it.',
    cause: 'The first descriptor of a list lacks NEXT.',
    caughtBy: 'virtio-1.3/2.8.6/chain',
  },
  {
    id: 'packed-driver-tail-unmarked',
    from: 'this.memory.store32(at + ID, (id | (flags << 16)) >>> 0);',
    to: 'this.memory.store32(at + ID, (id | (kind << 16)) >>> 0);',
    cite: 'hermit-os/kernel 4e20fb2ea457: fix(virtqueue/packed): set flags according to wrap count',
    symptom: 'Some devices take requests of several buffers, others refuse them.',
    cause: 'Only the first descriptor of a list has AVAIL and USED as its lap asks for.',
    caughtBy: 'virtio-1.3/2.8.1/flags',
  },
  {
    id: 'packed-driver-no-room',
    from: 'if (places > this.free) {',
    to: 'if (this.free === 0) {',
    cite: 'hermit-os/kernel 16b3193bce4c: fix(virtqueue/packed): check for descriptor exhaustion',
    symptom: 'Under load a long request damages the one before it.',
    cause: 'A list is begun though there is no room for all of it.',
    caughtBy: 'virtio-1.3/2.8.17/room',
  },
  {
    id: 'packed-driver-event-exact',
    from: 'return needEvent(offset, this.nextAvail, this.nextAvail - places);',
    to: 'return offset === this.nextAvail - 1;',
    cite: 'hermit-os/kernel 46063a1550a7: fix(virtqueue/packed): check range on RING_EVENT_FLAGS_DESC',
    symptom: 'With EVENT_IDX and batches the device sleeps while there is work.',
    cause: 'The descriptor that the device asks for is compared with the last of a batch alone.',
    caughtBy: 'virtio-1.3/2.8.10/driver-event-in-batch',
  },
  {
    id: 'packed-driver-disables-nothing',
    from: 'this.memory.store16(this.driverEvent + EVENT_FLAGS, eventFlags.DISABLE);',
    to: 'this.memory.store16(this.driverEvent + EVENT_FLAGS, eventFlags.ENABLE);',
    cite: 'hermit-os/kernel a042e47f141d: fix(virtqueue/packed): fix EventSuppr bitfield operations',
    symptom: 'The driver is interrupted for each buffer, though it is looking itself.',
    cause: 'The flag that disables events is cleared where it should be set.',
    caughtBy: 'virtio-1.3/2.8.10/no-interrupt',
  },
  {
    id: 'packed-driver-marks-skipped',
    from: `    const places = this.counts[id];
    this.nextUsed += places;`,
    to: `    const places = this.counts[id];
    for (let i = 0; i < places; i++) {
      const at = this.desc + DESC_BYTES * ((this.nextUsed + i) % this.size);
      this.memory.store16(at + FLAGS, this.usedFlags);
    }
    this.nextUsed += places;`,
    cite: "hermit-os/kernel 4bdd22990d5b: virtqueue/packed: don't modify flags for skipped descriptors",
    symptom: 'Nothing is wrong, but each list costs more stores to memory that is shared.',
    cause: 'The driver marks descriptors as used that the device has skipped.',
    caughtBy: 'virtio-1.3/2.8.16/exposed',
  },
  {
    id: 'packed-driver-flags-early',
    from: `      this.memory.store16(at + ID, id);
      this.first = at;`,
    to: `      this.memory.store32(at + ID, (id | (kind << 16)) >>> 0);
      this.first = at;`,
    cite: "hermit-os/kernel fdd502754828: fix(virtqueue/packed): don't change flags when not making available",
    symptom: 'A device that watches for changes takes a descriptor before it is there.',
    cause:
      'The flags of the first descriptor are written before the others are there, with AVAIL and USED cleared.',
    caughtBy: 'virtio-1.3/2.8.16/flags-once',
  },
  {
    id: 'packed-driver-asks-too-early',
    from: `    // It sees them before we look whether it wants to know (§2.8.21.3.1).
    this.memory.fence();
`,
    to: '',
    cite: 'hermit-os/kernel 7184aa0d94fa: fix(virtqueue): order descriptor publication against the notification check',
    symptom: 'Rarely, and on some processors only, both sides wait for each other.',
    cause: "Nothing keeps the look at the device's event flags behind the store of the flags.",
    caughtBy: 'virtio-1.3/2.8.21.3.1/barrier',
  },
  {
    id: 'packed-driver-flags-relaxed',
    from: 'const flags = this.memory.acquire16(at + FLAGS);',
    to: 'const flags = this.memory.load16(at + FLAGS);',
    cite: 'DPDK 4b058fdd27ce: net/virtio: add missing read barrier for packed dequeue',
    symptom: 'On Arm a buffer comes back twice, and another one never.',
    cause: 'The flags are read without acquire: the id may be read before them.',
    caughtBy: 'virtio-1.3/2.8.22/acquires-flags',
  },
  {
    id: 'packed-driver-table-cut',
    from: 'this.place(iova + offset, DESC_BYTES * chain.count, id, INDIRECT);',
    to: 'this.place(iova + offset, DESC_BYTES * 2, id, INDIRECT);',
    cite: 'DPDK 8410c369b452: net/virtio: fix indirect desc length',
    symptom: 'Of a request of three buffers the device sees two.',
    cause: 'The length of an indirect table is that of two descriptors, however many there are.',
    caughtBy: 'virtio-1.3/2.8.19/indirect',
  },
  {
    id: 'packed-driver-wrong-lap',
    from: `    if ((flags & (AVAIL | USED)) !== this.usedFlags) {
      return -1;`,
    to: `    if ((flags & (AVAIL | USED)) !== (this.availFlags === AVAIL ? AVAIL | USED : 0)) {
      return -1;`,
    cite: 'DPDK a4270ea4ff79: net/virtio: check head desc with correct wrap counter',
    symptom: 'A request in the last descriptor of the ring is never seen to be answered.',
    cause:
      'Used descriptors are looked for with the wrap counter of what is made available, which may be a lap ahead.',
    caughtBy: 'virtio-1.3/2.8.1/used-laps',
  },
  {
    id: 'packed-driver-batch-of-one',
    from: 'this.batchEnd = (this.sequences[id] + 1) & 0xffff;',
    to: 'this.batchEnd = (this.taken + 1) & 0xffff;',
    cite: 'DPDK 5c75a8efcd1f: net/virtio: fix in-order Tx path for packed ring',
    symptom: 'With IN_ORDER some buffers never come back.',
    cause: 'A used descriptor is taken for one list, and may be of a batch of them.',
    caughtBy: 'virtio-1.3/2.8.8/batch',
  },
];

export const packedDriverQueueMutants: readonly Mutant[] = bugs.map((bug) => ({
  ...bug,
  kind: 'packed-driver-queue',
  file: PACKED,
}));
