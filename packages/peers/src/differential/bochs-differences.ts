/** QEMU's bochs-display and ours. */
import { bochsIds, edidBlock } from '@doorbell/abi';
import { areDisplays } from './displays.ts';
import { headerDifferences } from './header-differences.ts';
import type { KnownDifference, Seen } from './known-difference.ts';

const device = 'bochs-display';

const pcieDifferences: readonly KnownDifference[] = [
  {
    id: 'bochs-display/port-type',
    device,
    title: 'PCI Express Capabilities (0x82)',
    where: 'config 0x82',
    values: [0x02, 0x92],
    ours: 'A PCI Express endpoint.',
    qemu: 'A root complex integrated endpoint, when its bus is the root.',
    why: 'Ours does not know its bus, and is behind a link (PCIe 6.0 §7.5.3.2).',
  },
  {
    id: 'bochs-display/extended-tag',
    device,
    title: 'Device Capabilities (0x84), Extended Tag',
    where: 'config 0x84',
    values: [0x00, 0x20],
    ours: 'Tags of 5 bits.',
    qemu: 'Tags of 8 bits.',
    why: 'Either may be (PCIe 6.0 §7.5.3.3); the function sends no requests.',
  },
  {
    id: 'bochs-display/function-level-reset',
    device,
    title: 'Device Capabilities (0x84), Function-Level Reset',
    where: 'config 0x87',
    values: [0x10, 0x00],
    ours: 'Can be reset alone.',
    qemu: 'Cannot.',
    why: 'Optional (PCIe 6.0 §6.6.2); who assigns the function to a guest wants it.',
  },
  {
    id: 'bochs-display/device-control',
    device,
    title: 'Device Control (0x88)',
    where: { 'config 0x88': {}, 'config 0x89': { bits: [0x78, 0] } },
    values: [undefined, 0],
    ours: 'Takes writes; relaxed ordering, no snoop and reads of 512 bytes at reset.',
    qemu: 'Is 0 and takes no writes.',
    why: 'The fields are RW with these defaults (PCIe 6.0 §7.5.3.4).',
  },
  {
    id: 'bochs-display/link-capabilities',
    device,
    title: 'Link Capabilities (0x8c)',
    where: { 'config 0x8c': { values: [0x04, 0x11] }, 'config 0x8d': { values: [0x01, 0x04] } },
    ours: '16 lanes at 16 GT/s.',
    qemu: 'One lane at 2.5 GT/s, with L0s.',
    why: 'Whatever the link has (PCIe 6.0 §7.5.3.6).',
  },
  {
    id: 'bochs-display/link-control',
    device,
    title: 'Link Control (0x90)',
    where: 'config 0x90',
    bits: [0x43, 0],
    ours: 'ASPM Control and Common Clock take writes.',
    qemu: 'They do not.',
    why: 'They are RW behind a link (PCIe 6.0 §7.5.3.7).',
  },
  {
    id: 'bochs-display/link-status',
    device,
    title: 'Link Status (0x92)',
    where: { 'config 0x92': { values: [0x04, 0x11] }, 'config 0x93': { values: [0x01, 0x00] } },
    ours: '16 lanes at 16 GT/s.',
    qemu: 'One lane at 2.5 GT/s.',
    why: 'Whatever was negotiated (PCIe 6.0 §7.5.3.8).',
  },
  {
    id: 'bochs-display/prefixes',
    device,
    title: 'Device Capabilities 2 (0xa4)',
    where: 'config 0xa6',
    values: [0x00, 0x30],
    ours: 'No end-end TLP prefixes.',
    qemu: 'Takes them.',
    why: 'Optional (PCIe 6.0 §7.5.3.15).',
  },
  {
    id: 'bochs-display/prefix-blocking',
    device,
    title: 'Device Control 2 (0xa8)',
    where: 'config 0xa9',
    bits: [0, 0x80],
    ours: 'End-End TLP Prefix Blocking is 0.',
    qemu: 'It takes writes.',
    why: 'Hardwired where prefixes are not supported (PCIe 6.0 §7.5.3.16).',
  },
  {
    id: 'bochs-display/link-speeds',
    device,
    title: 'Link Capabilities 2 (0xac)',
    where: 'config 0xac',
    values: [0x1e, 0x00],
    ours: '2.5 to 16 GT/s.',
    qemu: 'None.',
    why: 'Whatever the link has (PCIe 6.0 §7.5.3.18).',
  },
  {
    id: 'bochs-display/target-speed',
    device,
    title: 'Link Control 2 (0xb0)',
    where: 'config 0xb0',
    values: [0x04, 0x00],
    ours: 'Target Link Speed is 16 GT/s.',
    qemu: 'It is 0.',
    why: 'At reset it is the highest that is supported (PCIe 6.0 §7.5.3.19).',
  },
];

/** Two blocks, of which ours has one. */
function areEdids(ours: Seen, theirs: Seen): boolean {
  const [mine, other] = [ours, theirs].map((seen) => Buffer.from(`${seen}`, 'hex'));
  const [block, beyond] = [mine.subarray(0, edidBlock.size), mine.subarray(edidBlock.size)];
  return (
    mine.length === other.length &&
    beyond.every((byte) => byte === 0xff) &&
    areDisplays(block, other, bochsIds.device)
  );
}

export const bochsDifferences: readonly KnownDifference[] = [
  ...headerDifferences(device),
  ...pcieDifferences,
  {
    id: 'bochs-display/expansion-rom',
    device,
    title: 'Expansion ROM (0x30)',
    where: {
      'config 0x30': { bits: [0, 0x01] },
      'config 0x31': { bits: [0, 0x80] },
      'config 0x32': {},
      'config 0x33': {},
    },
    values: [0, undefined],
    ours: 'There is none.',
    qemu: 'One of 32 KiB, with a BIOS for the display.',
    why: 'Optional (PCIe 6.0 §7.5.1.2.4), and no guest of ours boots by it.',
  },
  {
    id: 'bochs-display/edid',
    device,
    where: 'EDID',
    holds: (ours, theirs) => areEdids(ours, theirs),
    ours: 'One block, of a display that is Doorbell’s; the bytes behind it read all ones.',
    qemu: 'Two blocks, of a display that is QEMU’s.',
    why: 'Either is a display’s to say (VESA E-EDID 1.4 §3.6: extensions are optional). Both prefer the same mode.',
  },
  {
    id: 'bochs-display/dark',
    device,
    title: 'the screen without a mode',
    where: 'screen without a mode',
    values: ['dark', 'as before'],
    ours: 'While the registers describe no mode the screen is dark.',
    qemu: 'It goes on showing the last mode.',
    why: 'docs/specs/standard-vga.rst is silent; a display without a signal is dark.',
  },
  {
    id: 'bochs-display/odd-stride',
    device,
    where: 'a mode of 16 bits whose rows are an odd number of pixels apart',
    isAvoided: true,
    ours: 'Is shown.',
    qemu: 'Ends QEMU: its drawing library takes rows of whole words only.',
    why: 'A guest’s registers must not end the machine.',
  },
];
