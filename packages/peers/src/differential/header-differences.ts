/** What QEMU does with configuration space whatever the function is. */
import type { ComparedDevice, KnownDifference } from './known-difference.ts';

export function headerDifferences(device: ComparedDevice): readonly KnownDifference[] {
  return [
    {
      id: `${device}/command`,
      device,
      title: 'Command (0x04)',
      where: 'config 0x04',
      bits: [0x40, 0x01],
      ours: 'I/O Space Enable is 0; Parity Error Response takes writes.',
      qemu: 'I/O Space Enable takes writes; Parity Error Response is 0.',
      why: 'A function without I/O BARs may hardwire the one; the other is RW (PCIe 6.0 §7.5.1.1.3).',
    },
    {
      id: `${device}/interrupt-line`,
      device,
      title: 'Interrupt Line (0x3c)',
      where: 'config 0x3c',
      values: [0xff, 0],
      ours: 'Reads 0xff before firmware wrote it.',
      qemu: 'Reads 0.',
      why: 'No reset value is defined; 0xff is "unknown", and 0 an input (PCI 3.0 §6.2.4).',
    },
    {
      id: `${device}/no-register`,
      device,
      title: 'configuration space without a register',
      where: 'config, no register',
      values: [0, undefined],
      ours: 'What holds no register reads 0 and takes no writes.',
      qemu: 'Takes writes, behind the header, wherever no capability is.',
      why: 'Reserved registers are read-only and return zero (PCIe 6.0 §7.5.1; PCI 3.0 §6.1).',
    },
  ];
}
