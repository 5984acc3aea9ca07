/** Bugs of mediation policies, and of the shadow that they have follow. */
import type { Mutant } from './mutant.ts';

const MDEV = 'packages/hypervisor/src/mdev';
const LAZY = `${MDEV}/lazy-shadow.ts`;
const STRICT = `${MDEV}/strict-shadow.ts`;

type MediationMutant = Omit<Mutant, 'kind'>;

const bugs: readonly MediationMutant[] = [
  {
    id: 'sensitive-passes',
    file: LAZY,
    from: "passes: (row) => mediationOf(row, 'channel') === 'passed',",
    to: "passes: (row) => row.access !== 'WO',",
    cite: 'Xen 61fdda7acf: x86/HVM: properly bound x2APIC MSR range (XSA-108)',
    symptom: 'A guest sees what the host has written to a register of its own.',
    cause: 'Registers that reveal or affect what is the host’s pass to the guest.',
    caughtBy: 'mediation/passes/not-sensitive',
  },
  {
    id: 'running-not-flushed',
    file: LAZY,
    from: 'if (this.shadow.isRunning) {',
    to: 'if (!this.shadow.isRunning) {',
    cite: 'Xen 4da59282e0: shadow: Fix TLB flushing in the second pass of sh_prealloc() in the case where multiple vcpus use the same pagetables',
    symptom: 'A buffer that is moved while the GPU draws is drawn into at its old place.',
    cause: 'The shadow follows a flush of an idle channel, and none of one that runs.',
    caughtBy: 'mediation/flushed/running',
  },
  {
    id: 'shadow-out-of-sync',
    file: LAZY,
    from: '  submitted(): void {\n    this.shadow.sync();\n  }\n',
    to: '  submitted(): void {}\n',
    cite: 'Xen d067e4b077: Out-of-sync L1 shadows: always unsync pages on guest writes',
    symptom: 'The first draw into a new buffer faults, though the guest has mapped it.',
    cause: 'What the guest maps on an idle channel is not in the shadow when it submits.',
    caughtBy: 'mediation/submitted/mapped',
  },
  {
    id: 'every-access-an-exit',
    file: LAZY,
    from: "traps: 'nothing',",
    to: "traps: 'everything',",
    cite: 'Xen 02a4e58f0b: shadow dirty-VRAM: avoid multiple remove_all_mappings calls',
    symptom: 'The pictures are right, and each takes fifty times as long.',
    cause: 'All accesses to VRAM trap, though nobody looks at them.',
    caughtBy: 'mediation/budget/triangle',
  },
  {
    id: 'tables-left-writable',
    policy: 'strict',
    file: STRICT,
    from: "traps: 'tables',",
    to: "traps: 'nothing',",
    cite: 'Xen 3ea6bace3b: x86 shadow: Prevent in-sync L1s to become writable',
    symptom: 'Whatever a guest maps after it has started faults.',
    cause: 'The pages that hold tables are mapped for the guest, so that no store is seen.',
    caughtBy: 'mediation/submitted/mapped',
  },
  {
    id: 'removed-and-reached',
    policy: 'strict',
    file: STRICT,
    from: '  flushed(): void {\n    this.shadow.settle();\n  }\n',
    to: '  flushed(): void {}\n',
    cite: 'Xen ce3e2dbb9b: x86 p2m superpage fix: Re-insert missing shadow code, to remove mappings when we’re removing a p2m 2mb page',
    symptom: 'A page that was given away is drawn into, though the guest has flushed.',
    cause: 'The entry is gone from the shadow, and the GPU is not told to forget it.',
    caughtBy: 'mediation/flushed/running',
  },
  {
    id: 'first-half-alone',
    policy: 'strict',
    file: STRICT,
    from: 'this.shadow.follow(page, offset);',
    to: 'this.shadow.follow(page, offset % 2048);',
    cite: 'Xen 750c5f714b: x86/shadow: Drop stale adjustment in the PAE second-half search',
    symptom: 'A guest with few buffers draws, one with many faults.',
    cause: 'Of a table’s second half the entry of that place in the first half is followed.',
    caughtBy: 'mediation/stored/last-entry',
  },
];

export const mediationMutants: readonly Mutant[] = bugs.map((bug) => ({
  ...bug,
  kind: 'mediation',
}));
