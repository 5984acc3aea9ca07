/** Bugs of the device half of a packed virtqueue. */
import type { Mutant } from './mutant.ts';

const PACKED = 'packages/pv-backend/src/ring/packed.ts';

const bugs: readonly Omit<Mutant, 'kind' | 'policy' | 'file'>[] = [
  {
    id: 'packed-whole-ring',
    from: `      this.nextUsed -= this.size;
      this.usedFlags ^= AVAIL | USED;`,
    to: `      this.nextUsed -= this.size;
      this.usedFlags ^= places === this.size ? 0 : AVAIL | USED;`,
    cite: 'microsoft/openvmm 547661407c39 (#3990): virtio: fix packed-ring full-ring wrap',
    symptom: 'A request that fills the queue is answered, and the driver waits for ever.',
    cause:
      'The wrap counter changes when the next place is lower than the last one. After a list that is as long as the ring it is the same one.',
    caughtBy: 'virtio-1.3/2.8.6/whole-ring',
  },
  {
    id: 'packed-size-masked',
    from: 'if (++this.nextAvail === this.size) {',
    to: 'if ((++this.nextAvail & (this.size - 1)) === 0) {',
    cite: 'DPDK 92ed77dce68d: vhost: fix packed ring index wrapping',
    symptom: 'Queues of 256 entries work, queues of 100 do not.',
    cause: 'The place in the ring is wrapped by a mask, as if all sizes were powers of two.',
    caughtBy: 'virtio-1.3/2.8.10.1/any-size',
  },
  {
    id: 'packed-list-past-end',
    from: `      const at = this.desc + DESC_BYTES * this.nextAvail;
      const word`,
    to: `      const at = this.desc + DESC_BYTES * (this.nextAvail === 0 ? this.size : this.nextAvail);
      const word`,
    cite: 'microsoft/openvmm 9a3e3335b792 (#2983): virtio: fix packed ring descriptor chain wrapping',
    symptom: 'Now and then the device stops at a request of several buffers.',
    cause:
      'A list that begins near the end of the ring is followed beyond it, and not at its start.',
    caughtBy: 'virtio-1.3/2.8.1/list-wraps',
  },
  {
    id: 'packed-table-by-next',
    from: `      this.readBuffer(at, this.memory.load16(at + FLAGS), chain);
    }`,
    to: `      const entry = this.memory.load16(at + FLAGS);
      this.readBuffer(at, entry, chain);
      if ((entry & NEXT) === 0) {
        break;
      }
    }`,
    cite: 'microsoft/openvmm 9a3e3335b792 (#2983): indirect descriptors of a packed ring are all used, whatever NEXT says',
    symptom: 'The device sees the first buffer of each request, and no other.',
    cause:
      'An indirect table is taken to go on where NEXT is set. In a packed ring its length says it.',
    caughtBy: 'virtio-1.3/2.8.7/table',
  },
  {
    id: 'packed-not-disabled',
    from: '    this.memory.store16(this.deviceEvent + EVENT_FLAGS, eventFlags.DISABLE);',
    to: `    this.memory.store16(this.deviceEvent + EVENT_FLAGS, eventFlags.DISABLE);
    this.memory.store16(this.deviceEvent + EVENT_FLAGS, eventFlags.ENABLE);`,
    cite: 'DPDK cd9012c3f8d3: vhost: fix notification for packed ring',
    symptom: 'The device is notified of each request, though it is busy with those before.',
    cause: 'The flags that ask for no notifications are overwritten at once.',
    caughtBy: 'virtio-1.3/2.8.10/no-notify',
  },
  {
    id: 'packed-flags-read-twice',
    from: `    if ((flags & (AVAIL | USED)) !== this.availFlags) {
      return false;`,
    to: `    if (
      (flags & AVAIL) !== (this.availFlags & AVAIL) ||
      (this.memory.load16(at + FLAGS) & USED) !== (this.availFlags & USED)
    ) {
      return false;`,
    cite: 'DPDK 48cae0bfa60c: vhost: fix double read of descriptor flags',
    symptom: 'A guest with two CPUs has descriptors taken that it never made available.',
    cause: 'AVAIL and USED are taken from two loads of the flags, which may differ.',
    caughtBy: 'virtio-1.3/2.8.2/reads-once',
  },
  {
    id: 'packed-list-counted-as-one',
    from: 'this.counts[id] = this.outstanding - before;',
    to: 'this.counts[id] = 1;',
    cite: 'DPDK 5c3a69879e0b: vhost: fix descriptor count in async packed ring',
    symptom: 'Requests of one buffer are answered; behind one of several the driver sees no more.',
    cause: 'The next used descriptor is written one place farther, however long the list was.',
    caughtBy: 'virtio-1.3/2.8.6/skips',
  },
];

export const packedQueueMutants: readonly Mutant[] = bugs.map((bug) => ({
  ...bug,
  kind: 'packed-queue',
  file: PACKED,
}));
