/** docs/reference/pci.md. */
import { type0Header } from '../pci.ts';
import { type1Header } from '../pci-bridge.ts';
import {
  capabilityIds,
  msiCapability,
  msixCapability,
  msixEntry,
  pcieCapability,
  pciePortTypes,
  pmCapability,
} from '../pci-capabilities.ts';
import { acsCapability, ariCapability, extendedIds, serialCapability } from '../pci-extended.ts';
import { sriovCapability } from '../sriov.ts';
import { blocks, hex, page, steps, table } from './markdown.ts';
import { legend, registerTables } from './register-tables.ts';

const intro = blocks(
  `Every function has 4096 bytes of configuration space. The first 64 are a header that all
functions share; behind it, up to 0xff, stand capabilities; from 0x100 on, extended capabilities.
Offset, access and reset value of each register are those of the PCI Local Bus Specification 3.0
and the PCI Express Base Specification 6.0. Where a function differs from a reset value here
(its ids, its BARs, its number of vectors), its own page says so.`,
  `A register may be read and written in part: any aligned access of 1, 2 or 4 bytes is allowed, and
reaches exactly the bytes that it names. What no register holds reads 0.`,
);

const bars = blocks(
  '## Base address registers',
  `A base address register (BAR) tells a function where in the address space its registers or its
memory lie. Bit 0 is 0 for memory. Bits 2:1 are 00b for a 32-bit BAR; 10b for a 64-bit BAR, which
takes the next register too, for address bits 63:32. Bit 3 is 1 when reads have no side effects
(prefetchable). The bits above hold the address, but those that are below the BAR's size are always
0, and this tells the size:`,
  steps([
    'Turn off COMMAND.MEMORY, so that the function claims no address meanwhile.',
    'Keep what the register holds (both registers of a 64-bit BAR).',
    'Write all ones, and read back. All zeros: there is no BAR.',
    'Clear bits 3:0 of what was read. Its lowest bit that is 1 is the size in bytes.',
    'Write back what was kept. Turn COMMAND.MEMORY on again.',
  ]),
  `For example 0xffff0000 is 64 KiB in 32 bits; 0xfc00000c with 0xffffffff above it is 64 MiB,
prefetchable, in 64 bits.`,
);

const capabilities = blocks(
  '## Capabilities',
  `CAPABILITIES holds the offset of the first capability, if STATUS.CAPABILITIES is 1. Each begins
with its id and the offset of the next; 0 ends the list. A driver walks the list to the id that it
wants and does not rely on an offset. It gives up after 48 steps, since a list in 192 bytes has no
more, whatever the device says.`,
  table(
    ['Id', 'Capability'],
    Object.entries(capabilityIds).map(([name, id]) => [hex(id, 2), name]),
  ),
);

const extended = blocks(
  '## Extended capabilities',
  `The first stands at 0x100. Each begins with a word: its id in bits 15:0, its version in bits
19:16, and the offset of the next in bits 31:20. A first word of 0 means that there is none.`,
  table(
    ['Id', 'Extended capability'],
    Object.entries(extendedIds).map(([name, id]) => [hex(id, 4), name]),
  ),
);

const bridges = blocks(
  '## The type 1 header',
  `A bridge (a root port, a port of a switch, a PCIe-to-PCI bridge) has this header. Its windows say
which addresses it passes down to the buses behind it, while COMMAND.MEMORY is 1: MEMORY from
MEMORY_BASE to MEMORY_LIMIT below 4 GiB, PREFETCH anywhere. It passes up memory requests and
messages of what is behind it while COMMAND.BUS_MASTER is 1. Writing 1 to
BRIDGE_CONTROL.SECONDARY_BUS_RESET resets all functions behind it; there is no wait in this model.`,
);

const portTypes = table(
  ['PORT_TYPE', 'Function'],
  Object.entries(pciePortTypes).map(([name, type]) => [type, name]),
);

const acs = `Linux counts a port as isolating what is behind it when SOURCE_VALIDATION,
REQUEST_REDIRECT, COMPLETION_REDIRECT and UPSTREAM_FORWARDING are enabled, as far as the port
implements them. Functions that nothing isolates share an IOMMU group.`;

const interrupts = blocks(
  '## Interrupts',
  `A function has three ways to interrupt, and uses one at a time. MSI-X, when MSI-X CONTROL.ENABLE
is 1; else MSI, when MSI CONTROL.ENABLE is 1; else the INTx line, unless COMMAND.INTX_DISABLE is 1.`,
  `A message (MSI, MSI-X) is a memory write of DATA to ADDRESS. It is the function's own write, so
it needs COMMAND.BUS_MASTER. A message is sent once; the line stays high until the driver has
quieted its cause.`,
  `An MSI-X vector that is masked, by its own CONTROL.MASK or by FUNCTION_MASK, sends nothing and
sets its bit in the pending array. When it is unmasked and its bit is set, the message is sent
and the bit is cleared. All vectors are masked at reset.`,
);

const reset = blocks(
  '## Function-level reset',
  `Writing 1 to DEVICE_CONTROL.FLR of the PCI Express capability, where DEVICE_CAPABILITIES.FLR says
that it is there, resets the function: all registers take their reset values (bus master and memory
decoding off, BARs zero, interrupts disabled and masked), and no more DMA is issued. Software turns
BUS_MASTER off first, waits 100 ms, and then restores the header (PCI Express Base 6.0 §6.6.2).`,
);

export function pciPage(): string {
  return page(
    'PCI configuration space',
    intro,
    legend,
    '## The type 0 header',
    registerTables(type0Header),
    bridges,
    registerTables(type1Header),
    bars,
    capabilities,
    '### Power management',
    registerTables(pmCapability),
    '### MSI',
    registerTables(msiCapability),
    '### MSI-X',
    registerTables(msixCapability),
    '### MSI-X table entry',
    registerTables(msixEntry),
    '### PCI Express',
    portTypes,
    registerTables(pcieCapability),
    extended,
    '### Device serial number',
    registerTables(serialCapability),
    '### Access control services',
    acs,
    registerTables(acsCapability),
    '### Alternative routing-ID interpretation',
    registerTables(ariCapability),
    '### Single root I/O virtualization',
    registerTables(sriovCapability),
    interrupts,
    reset,
  );
}
