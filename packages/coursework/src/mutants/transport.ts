/** Bugs of drivers of virtio over PCI. */
import type { Mutant } from './mutant.ts';

const FRONTEND = 'packages/pv-frontend/src';
const TRANSPORT = `${FRONTEND}/pci-transport.ts`;
const STRUCTURES = `${FRONTEND}/pci-structures.ts`;
const INTERRUPTS = `${FRONTEND}/pci-interrupts.ts`;

type TransportMutant = Omit<Mutant, 'kind'>;

const bugs: readonly TransportMutant[] = [
  {
    id: 'reset-not-awaited',
    file: TRANSPORT,
    from: 'status === 0 && this.common.DEVICE_STATUS.read() !== 0;',
    to: 'looks < 0;',
    cite: 'DPDK f5d4c81937: net/virtio: wait device ready during reset',
    symptom: 'On hardware the driver fails at times when it is loaded again.',
    cause: 'A reset is held to be over before the device reads 0.',
    caughtBy: 'virtio-1.3/4.1.4.3.2/reset-waits',
  },
  {
    id: 'notifies-queue-one',
    file: TRANSPORT,
    from: 'write(this.doorbells[queue], 2, queue);',
    to: 'write(this.doorbells[queue], 2, 1);',
    cite: 'DPDK 518208f3a1: net/virtio: fix queue notify',
    symptom: 'On one device all is well, another does not answer.',
    cause: 'What is written to notify a queue is not its index.',
    caughtBy: 'virtio-1.3/4.1.5.2/notify',
  },
  {
    id: 'half-of-the-features',
    file: TRANSPORT,
    from: 'return half(0) | (half(1) << 32n);',
    to: 'return half(0);',
    cite: 'DPDK 3891f233f7: virtio: switch to 64 bit features',
    symptom: 'The driver takes every device for one of before version 1.',
    cause: 'Features from 32 on are not read.',
    caughtBy: 'virtio-1.3/4.1.4.3/device-features',
  },
  {
    id: 'low-addresses-alone',
    file: TRANSPORT,
    from: '  high.write(Math.floor(value / 2 ** 32));',
    to: '  high.write(0);',
    cite: 'DPDK 8c41645be0: net/virtio: fix descriptor addresses in 32-bit build',
    symptom: 'With much memory the device reads a ring that is not there.',
    cause: 'Of the address of a ring the lower 32 bits alone are written.',
    caughtBy: 'virtio-1.3/4.1.4.3.2/enabled-last',
  },
  {
    id: 'word-at-any-place',
    file: TRANSPORT,
    from: 'const word = (offset + at) % 4 === 0 && bytes - at >= 4;',
    to: 'const word = bytes - at >= 4;',
    cite: 'MigTD e5f308c: virtio-pci: fix potential misaligned issue',
    symptom: 'A field of the configuration reads as zero.',
    cause: 'Four bytes are read at once where that is not aligned.',
    caughtBy: 'virtio-1.3/4.1.3.1/config-widths',
  },
  {
    id: 'structure-of-nothing',
    file: STRUCTURES,
    from: 'const fits = cap.bytes >= least && cap',
    to: 'const fits = cap',
    cite: 'SerenityOS 95b15e49010: Kernel/VirtIO: Ignore Configurations that have length of zero bytes',
    symptom: 'The driver takes a function in hand that it cannot drive.',
    cause: 'A structure that has no bytes is not refused.',
    caughtBy: 'virtio-1.3/4.1.4.1/lacks-a-structure',
  },
  {
    id: 'messages-never-on',
    file: INTERRUPTS,
    from: '  set(ENABLE.mask | FUNCTION_MASK.mask, ENABLE.mask);',
    to: '  set(FUNCTION_MASK.mask, 0);',
    cite: 'SerenityOS 42b1eb5af11: Kernel: Activate queues and enable interrupts in VirtIODevices',
    symptom: 'The device works, and the driver waits for it to the end of its patience.',
    cause: 'Vectors are set up, and MSI-X is never turned on.',
    caughtBy: 'virtio-1.3/4.1.5.1.2/vectors',
  },
  {
    id: 'isr-read-twice',
    file: INTERRUPTS,
    from: '    if ((isr & QUEUE.mask) !== 0) {',
    to: '    if ((this.isr.read() & QUEUE.mask) !== 0) {',
    cite: 'crosvm 1232debf1: devices: virtio: pci: reset ISR status on read',
    symptom: 'Without MSI-X an answer is missed now and then.',
    cause: 'The ISR is read once for each of its bits, and the first read clears them.',
    caughtBy: 'virtio-1.3/4.1.5.4/line',
  },
];

export const transportMutants: readonly Mutant[] = bugs.map((bug) => ({
  ...bug,
  kind: 'transport',
}));
