/** Bugs of the device half of a split virtqueue. */
import type { Mutant } from './mutant.ts';

const SPLIT = 'packages/pv-backend/src/ring/split.ts';
const CHAIN = 'packages/pv-backend/src/ring/chain-check.ts';

type QueueMutant = Omit<Mutant, 'kind' | 'policy'>;

const bugs: readonly QueueMutant[] = [
  {
    id: 'avail-idx-unbounded',
    file: SPLIT,
    from: 'if (entries > this.size) {',
    to: 'if (entries > 0xffff) {',
    cite: 'rust-vmm/vm-virtio 16f1b017a20c, virtio-queue v0.6.1: error out on invalid available ring index',
    symptom:
      'A driver that goes wrong keeps the device busy with the same chains, again and again.',
    cause:
      'How far the available idx moved is not compared with the size of the queue: old entries of the ring are taken for new ones.',
    caughtBy: 'virtio-1.3/2.7.13/refuses-idx-too-far',
  },
  {
    id: 'head-in-flight',
    file: SPLIT,
    from: 'if (this.states[head] !== FREE) {',
    to: 'if (this.states[head] === WAITING) {',
    cite: 'microsoft/openvmm 7a9ddc425288 (#4002): bound in-flight queue descriptors; CVE-2016-5403 (QEMU virtqueue_pop)',
    symptom: 'A guest that never waits makes the host hold more and more work.',
    cause: 'A head is taken though the device still has the chain of that head.',
    caughtBy: 'virtio-1.3/2.7.13.1/refuses-head-twice',
  },
  {
    id: 'next-not-checked',
    file: SPLIT,
    from: 'if (index >= this.size) {',
    to: 'if (index > 0xffff) {',
    cite: 'DPDK 6ec17781346e: vhost: fix descriptor chain bounds check in control queue',
    symptom: 'With some chains the device reads what is no descriptor.',
    cause: "A descriptor's next is followed though it lies beyond the descriptor table.",
    caughtBy: 'virtio-1.3/2.7.5/refuses-next-beyond',
  },
  {
    id: 'table-next',
    file: SPLIT,
    from: 'if (index >= entries) {',
    to: 'if (index >= Math.max(entries, this.size)) {',
    cite: 'microsoft/openvmm 9a3e3335b792 (#2983): chaining by the primary ring size instead of the indirect table size',
    symptom: 'The device reads more of an indirect table than the driver gave.',
    cause:
      'In an indirect table, next is compared with the size of the queue in place of that of the table.',
    caughtBy: 'virtio-1.3/2.7.5.3/refuses-table-next',
  },
  {
    id: 'longest-chain-refused',
    file: SPLIT,
    from: 'for (let budget = this.size; budget > 0; budget--) {',
    to: 'for (let budget = this.size; budget > 1; budget--) {',
    cite: 'microsoft/openvmm f9af2c13de7e (#2986): virtio: fix descriptor chain validation',
    symptom: 'Small requests work; the largest that the driver may make stops the device.',
    cause: 'The budget of descriptors is one less than the size of the queue.',
    caughtBy: 'virtio-1.3/2.7.5/longest',
  },
  {
    id: 'write-before-read',
    file: CHAIN,
    from: 'if (!write && chain.readable !== chain.count) {',
    to: 'if (!write && chain.readable > chain.count) {',
    cite: 'google/crosvm 41e61d1fc: virtio: queue: enforce DescriptorChain ordering',
    symptom: 'The device takes for an answer what is a question.',
    cause:
      'A buffer to be read may follow one to be written, and is then counted among the others.',
    caughtBy: 'virtio-1.3/2.7.4.2/refuses-read-after-write',
  },
  {
    id: 'length-wraps',
    file: CHAIN,
    from: '!this.memory.reaches(address, length, write)',
    to: '!this.memory.reaches((address + length) >>> 0, 0, write)',
    cite: 'microsoft/openvmm c3df923156fd (#4145): virtio: reject regions whose address and length overflow',
    symptom: 'A buffer that is larger than memory is taken.',
    cause: 'The end of a buffer is computed in 32 bits: it wraps, and then lies in memory.',
    caughtBy: 'virtio-1.3/2.7.5/refuses-length-wraps',
  },
  {
    id: 'high-half-dropped',
    file: SPLIT,
    from: 'this.check.add(chain, low, high, length, link);',
    to: 'this.check.add(chain, low, 0, length, link);',
    cite: 'DPDK 8c41645be010: net/virtio: fix descriptor addresses in 32-bit build',
    symptom: 'In guests with much memory, data ends up somewhere else.',
    cause: "The upper 32 bits of a buffer's address are dropped.",
    caughtBy: 'virtio-1.3/2.7.5/refuses-address-64-bits',
  },
  {
    id: 'buffer-beyond-memory',
    file: CHAIN,
    from: '!this.memory.reaches(address, length, write)',
    to: '!this.memory.reaches(address, 1, write)',
    cite: 'cloud-hypervisor 4c6d60f162bb: vm-virtio: add centralized descriptor range validation; CVE-2019-18960 (Firecracker)',
    symptom: 'A guest reaches bytes of the host that lie behind its memory.',
    cause: 'Only the first byte of a buffer is checked to be in memory, not its end.',
    caughtBy: 'virtio-1.3/2.7.5/refuses-beyond-memory',
  },
  {
    id: 'buffer-at-end',
    file: CHAIN,
    from: '!this.memory.reaches(address, length, write)',
    to: '!this.memory.reaches(address, length + 1, write)',
    cite: 'google/crosvm 28ea102c0ef6: devices: fix virtio-queue range check',
    symptom: 'Rarely, and only in guests that use all of their memory, a good request is refused.',
    cause: 'The byte behind the last one of a buffer has to be in memory too.',
    caughtBy: 'virtio-1.3/2.7.5/at-end',
  },
  {
    id: 'chain-of-4-gib',
    file: CHAIN,
    from: 'if (this.bytes > MAX_CHAIN_BYTES) {',
    to: 'if (this.bytes > Number.MAX_SAFE_INTEGER) {',
    cite: 'rust-vmm/vm-virtio 27740a511887, virtio-queue v0.8.0: do not iterate over more than 2^32 bytes',
    symptom: 'The length of a large request does not fit into what reports it.',
    cause: 'The bytes of a chain are not added up: it may have more than 2^32.',
    caughtBy: 'virtio-1.3/2.7.5.2/refuses-chain-of-4-gib',
  },
  {
    id: 'table-alignment',
    file: CHAIN,
    from: 'if (address % 4 !== 0) {',
    to: 'if (address % 16 !== 0) {',
    cite: 'rust-vmm/vm-virtio 922f2e5, virtio-queue v0.7.1: fix alignment check for indirect descriptor',
    symptom: 'One driver works, another is refused at its first large request.',
    cause: 'Indirect tables have to be aligned to 16 bytes, which no section asks for.',
    caughtBy: 'virtio-1.3/2.7.5.3/table-place',
  },
  {
    id: 'table-in-table',
    file: SPLIT,
    from: "        throw this.broken('An indirect table refers to an indirect table (VIRTIO 1.3 §2.7.5.3.1).');",
    to: '        this.readTable(at, link, chain);\n        return;',
    cite: 'copy/v86 src/virtio.js, VirtQueueBufferChain: an indirect table that refers to itself',
    symptom: 'A guest makes the host run out of stack.',
    cause: 'A table within a table is followed, and so on, without end.',
    caughtBy: 'virtio-1.3/2.7.5.3.1/refuses-table-in-table',
  },
  {
    id: 'indirect-and-next',
    file: SPLIT,
    from: `    if ((link & NEXT) !== 0) {
      throw this.broken('A descriptor is both indirect and chained (VIRTIO 1.3 §2.7.5.3.1).');
    }
`,
    to: '',
    cite: 'rust-vmm/vm-virtio issue 95, 79f0c1072c7c: the flags INDIRECT and NEXT together',
    symptom: 'Of some chains the device sees the beginning only, and nobody is told.',
    cause: 'A descriptor that is both indirect and chained is taken, and its next is ignored.',
    caughtBy: 'virtio-1.3/2.7.5.3.1/refuses-indirect-and-next',
  },
  {
    id: 'read-twice',
    file: SPLIT,
    from: `      this.readBuffer(at, link, chain);
      if ((link & NEXT) === 0) {
        return;
      }
      index = link >>> 16;
      if (index >= this.size) {`,
    to: `      this.readBuffer(at, link, chain);
      const again = this.memory.load32(at + 12);
      if ((again & NEXT) === 0) {
        return;
      }
      index = again >>> 16;
      if (index >= this.size) {`,
    cite: 'XSA-155, CVE-2015-8550: double fetch of shared memory; DPDK 134228ca39ef: vhost: fix split ring potential buffer overflow',
    symptom: 'A guest with two CPUs gets past a check.',
    cause:
      'The flags of a descriptor are read a second time, when the guest may have changed them.',
    caughtBy: 'virtio-1.3/2.7.13.4/reads-once',
  },
  {
    id: 'used-len-of-chain',
    file: SPLIT,
    from: 'this.writeEntry(this.usedIdx, id, written);',
    to: 'this.writeEntry(this.usedIdx, id, this.writable[id]);',
    cite: 'cloud-hypervisor 7461143194e1: net_util: fix ctrl_queue used_len to only count written bytes; DPDK 69244dbc485d',
    symptom: 'One guest driver works, another gives its device up at the first answer.',
    cause: 'The used length is that of the buffers, not the number of bytes that were written.',
    caughtBy: 'virtio-1.3/2.7.8/used',
  },
  {
    id: 'ring-not-masked',
    file: SPLIT,
    from: 'usedRing.ENTRY_BYTES * (index & this.mask)',
    to: 'usedRing.ENTRY_BYTES * index',
    cite: 'DPDK 38e640038798: vhost: fix wrapping on control virtqueue rings',
    symptom: 'The first requests are answered; after that the driver waits for ever.',
    cause: 'idx is used as the place in the used ring, without being wrapped to its size.',
    caughtBy: 'virtio-1.3/2.7.8/round',
  },
  {
    id: 'used-event-off-by-one',
    file: SPLIT,
    from: '? needEvent(this.memory.acquire16(this.avail + availRing.usedEvent(this.size)), idx, old)',
    to: '? needEvent(this.memory.acquire16(this.avail + availRing.usedEvent(this.size)), idx + 1, old + 1)',
    cite: 'copy/v86 b09935f264db: used_event refers to pushed buffers, not new idx value',
    symptom: 'A driver that asks to be told of the next buffer is told of the one after that.',
    cause:
      'used_event is compared with idx as it is after the buffer, not with the entry of the buffer.',
    caughtBy: 'virtio-1.3/2.7.7.2/used-event',
  },
  {
    id: 'used-event-wraps',
    file: SPLIT,
    from: '? needEvent(this.memory.acquire16(this.avail + availRing.usedEvent(this.size)), idx, old)',
    to: '? this.memory.acquire16(this.avail + availRing.usedEvent(this.size)) >= old &&\n        this.memory.acquire16(this.avail + availRing.usedEvent(this.size)) < idx',
    cite: 'copy/v86 309175f23df3: virtio handle batched and suppressed requests; its idx wraps at 2^16',
    symptom: 'The machine works for minutes, and then a queue stands still.',
    cause: 'used_event and idx are compared as plain numbers, which they are not when idx wraps.',
    caughtBy: 'virtio-1.3/2.7.7.2/used-event-wraps',
  },
  {
    id: 'avail-event-misplaced',
    file: SPLIT,
    from: 'this.memory.release16(this.used + usedRing.availEvent(this.size), this.lastAvail);',
    to: 'this.memory.release16(this.used + availRing.usedEvent(this.size), this.lastAvail);',
    cite: 'copy/v86 03b4776881f8: virtio fix typos: avail_event lies behind entries of 8 bytes, not of 2',
    symptom: 'With EVENT_IDX the driver is silent, and used entries have strange ids.',
    cause: 'avail_event is written as if entries of the used ring had the size of available ones.',
    caughtBy: 'virtio-1.3/2.7.10.2/avail-event',
  },
  {
    id: 'no-fence-before-flags',
    file: SPLIT,
    from: `    // It sees idx before we look whether it wants to know (§2.7.7.2).
    this.memory.fence();
`,
    to: '',
    cite: 'rust-vmm/vm-virtio bbf279d87eb5: a fence between the used idx and used_event, with EVENT_IDX',
    symptom: 'Once in millions of requests both sides wait for each other.',
    cause: 'Nothing keeps the look at the flags behind the store of idx.',
    caughtBy: 'virtio-1.3/2.7.7.2/fence',
  },
  {
    id: 'no-look-after-enable',
    file: SPLIT,
    from: 'return this.memory.acquire16(this.avail + availRing.IDX) === this.lastAvail;',
    to: 'return true;',
    cite: 'DPDK 8f66bc4ac3: net/virtio: add barrier in interrupt enable; rust-vmm/vm-virtio bbf279d87eb5',
    symptom: 'Under load a request lies in the ring until the next one comes.',
    cause: 'After notifications were asked for, nobody looks for a chain that came just before.',
    caughtBy: 'virtio-1.3/2.7.10/looks-again-event-idx',
  },
  {
    id: 'avail-idx-relaxed',
    file: SPLIT,
    from: 'const availIdx = this.memory.acquire16(this.avail + availRing.IDX);',
    to: 'const availIdx = this.memory.load16(this.avail + availRing.IDX);',
    cite: 'google/crosvm 1fe0c4481677: devices: virtio: fix a memory ordering bug in Queue::peek on arm; Firecracker 1782e9ce2c9d',
    symptom: 'On Arm, never on x86, the device now and then takes an old chain.',
    cause: 'idx is read without acquire: the entry may be read before it.',
    caughtBy: 'virtio-1.3/2.7.6/acquires-idx',
  },
  {
    id: 'out-of-order',
    file: SPLIT,
    from: 'if (!this.inOrder) {',
    to: 'if (this.inOrder || !this.inOrder) {',
    cite: 'microsoft/openvmm 6ec16db46cca (#3999): virtio_net: complete requests in order',
    symptom: 'With IN_ORDER a driver frees buffers that the device still uses.',
    cause: 'Chains are returned when they are done, also where an order was agreed on.',
    caughtBy: 'virtio-1.3/2.7.9/in-order',
  },
  {
    id: 'starts-at-stale-idx',
    file: SPLIT,
    from: '    this.lastAvail = first;\n',
    to: '    this.lastAvail = memory.load16(setup.driver + availRing.IDX);\n',
    cite: 'cloud-hypervisor aef0a43b52c2: vdpa: fix RX failure after device reset by always using base 0',
    symptom: 'After the third reset of the device, nothing is received any more.',
    cause:
      'The first chain is taken to be where idx in memory stands, so that what is there is passed over.',
    caughtBy: 'virtio-1.3/2.7.6/already-there',
  },
  {
    id: 'goes-on-at-zero',
    file: SPLIT,
    from: '    this.usedIdx = first;\n',
    to: '    this.usedIdx = 0;\n',
    cite: 'DPDK 3ad55b8e94ca: vhost: fix stored last used index',
    symptom: "A backend that takes another one's place answers, and the driver does not see it.",
    cause: 'The used ring is begun anew at 0, though another device had come farther.',
    caughtBy: 'virtio-1.3/2.7.8/goes-on',
  },
];

export const queueMutants: readonly Mutant[] = bugs.map((bug) => ({ ...bug, kind: 'queue' }));
