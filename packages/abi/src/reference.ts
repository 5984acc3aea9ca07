/**
 * The pages of docs/reference, made from the contracts: what a page says of a register, a packet
 * or an event is the very row that the devices and drivers are built from.
 */
import { audioPage } from './reference/audio-page.ts';
import { bellPage } from './reference/bell-page.ts';
import { bochsPage } from './reference/bochs-page.ts';
import { eduPage } from './reference/edu-page.ts';
import { pciPage } from './reference/pci-page.ts';
import { tlpPage } from './reference/tlp-page.ts';
import { tracePage } from './reference/trace-page.ts';
import { virtioPage } from './reference/virtio-page.ts';

/** Markdown by the name of its file. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'audio.md': audioPage(),
    'bell.md': bellPage(),
    'bochs-display.md': bochsPage(),
    'edu.md': eduPage(),
    'pci.md': pciPage(),
    'tlp.md': tlpPage(),
    'trace.md': tracePage(),
    'virtio.md': virtioPage(),
  };
}
