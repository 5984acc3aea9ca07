/** Bugs of invalidation policies. */
import type { Mutant } from './mutant.ts';

const INVALIDATION = 'packages/hypervisor/src/invalidation';
const STRICT = `${INVALIDATION}/strict.ts`;
const DEFERRED = `${INVALIDATION}/deferred.ts`;
const QUEUE = `${INVALIDATION}/flush-queue.ts`;

type InvalidationMutant = Omit<Mutant, 'kind'>;

const bugs: readonly InvalidationMutant[] = [
  {
    id: 'unmapped-and-cached',
    policy: 'strict',
    file: STRICT,
    from: '    this.place.invalidate(page, pages);\n    this.place.release(page);\n',
    to: '    this.place.release(page);\n',
    cite: 'Xen 85c72f9fe7: VT-d: fix TLB flushing in dma_pte_clear_one() (XSA-78)',
    symptom: 'A device writes into pages that it was given once, long ago.',
    cause: 'The entry is cleared, and the IOMMU is not told to forget what it cached of it.',
    caughtBy: 'invalidation/release/invalidated-first',
  },
  {
    id: 'first-page-alone',
    policy: 'strict',
    file: STRICT,
    from: 'this.place.invalidate(page, pages);',
    to: 'this.place.invalidate(page, 1);',
    cite: 'Xen 9d64734955: vtd: Fix up iommu_flush_iotlb_psi(): the size of the range is taken from another variable',
    symptom: 'Small buffers are safe after they are freed, large ones are not.',
    cause: 'Of a range of several pages the first alone is invalidated.',
    caughtBy: 'invalidation/release/invalidated-first',
  },
  {
    id: 'all-of-nothing',
    file: DEFERRED,
    from: '    this.place.invalidateAll();\n',
    to: '    this.place.invalidate(0, 1);\n',
    cite: 'Xen fd3102e5d2: VT-d: make flush-all actually flush all',
    symptom: 'The batch costs what it should, and devices reach all of it afterwards.',
    cause: 'What should invalidate the whole domain invalidates a page of it, at 0.',
    caughtBy: 'invalidation/release/invalidated-first',
  },
  {
    id: 'released-while-reached',
    file: DEFERRED,
    from: '    this.place.invalidateAll();\n    this.queue.drain(this.release);\n',
    to: '    this.queue.drain(this.release);\n    this.place.invalidateAll();\n',
    cite: 'Xen 5777a3742d: IOMMU: hold page ref until after deferred TLB flush (XSA-346)',
    symptom: 'Now and then a driver finds the data of another in its buffer.',
    cause: 'The addresses of a batch are free before the batch is invalidated.',
    caughtBy: 'invalidation/release/invalidated-first',
  },
  {
    id: 'one-too-many',
    file: QUEUE,
    from: 'return this.count === this.iovas.length;',
    to: 'return this.count > this.iovas.length;',
    cite: 'Xen dda3fb206c: IOMMU/ATS: fix maximum queue depth calculation',
    symptom: 'Under load the machine runs out of addresses, one by one.',
    cause: 'The queue is held to be longer than it is, and forgets what does not fit.',
    caughtBy: 'invalidation/unmapped/many',
  },
  {
    id: 'always-later',
    file: DEFERRED,
    from: '    if (this.queue.isEmpty) {\n      this.place.arm(FLUSH_TIMEOUT_NS);\n    }\n',
    to: '    this.place.arm(FLUSH_TIMEOUT_NS);\n',
    cite: 'Xen 48535f5798: x86/hvm: fix restart of RTC periodic timer with vpt_align=1',
    symptom: 'While a driver is busy, what it has unmapped stays within reach for seconds.',
    cause: 'Each range that is unmapped sets the timer anew, for those before it too.',
    caughtBy: 'invalidation/exposure/from-the-first',
  },
  {
    id: 'batch-of-none',
    file: DEFERRED,
    from: '    if (this.queue.isEmpty) {\n      return;\n    }\n',
    to: '',
    cite: 'Xen 9c22e4d67f: gnttab: correct GNTTABOP_cache_flush empty batch handling',
    symptom: 'The IOMMU is told to forget everything though nothing was unmapped.',
    cause: 'A flush of an empty batch is not left out.',
    caughtBy: 'invalidation/flush/nothing',
  },
  {
    id: 'forgotten-in-sleep',
    file: DEFERRED,
    from: '    this.queue.load(state);\n',
    to: '    this.queue.load({ ...state, pages: new Float64Array(state.pages.length) });\n',
    cite: 'Xen 155cd37d8b: vtd: fix Dom0 S3 when VT-d is enabled',
    symptom: 'After a migration the host says that nothing waits, and something does.',
    cause: 'How long the waiting ranges are is saved and not restored.',
    caughtBy: 'invalidation/save/goes-on',
  },
];

export const invalidationMutants: readonly Mutant[] = bugs.map((bug) => ({
  ...bug,
  kind: 'invalidation',
}));
