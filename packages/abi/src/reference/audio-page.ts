/** docs/reference/audio.md. */
import { audioBars, audioIds, audioRegisters } from '../audio.ts';
import { blocks, hex, list, page } from './markdown.ts';
import { legend, registerTables } from './register-tables.ts';

export function audioPage(): string {
  const { vendor, device, revision, classCode } = audioIds;
  return page(
    "audio: a GPU board's second function",
    blocks(
      `Many a GPU board has a second function, for sound over the display's cable. It matters here
because it shares an IOMMU group with the GPU where nothing isolates them: who wants to assign the
GPU must take the sound from the host, too. This one is a High Definition Audio controller without
a stream and without a codec. A driver finds it and can reset it; it plays nothing.`,
      list([
        `Vendor ${hex(vendor, 4)}, device ${hex(device, 4)}, revision ${revision}, class ${hex(classCode, 6)}.`,
        `BAR${audioBars.REGISTERS.index}: ${audioBars.REGISTERS.size / 1024} KiB of registers, 32 bits, not prefetchable. What no register holds reads 0.`,
        'Capabilities: power management, MSI with one vector, PCI Express with function-level reset.',
        'It makes no DMA and signals no interrupt.',
      ]),
    ),
    '## Registers',
    legend,
    registerTables(audioRegisters),
  );
}
