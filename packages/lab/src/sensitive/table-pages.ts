/** The page tables that a physical bell walks now: where they are in its VRAM. */
import {
  bellBars,
  channelRegisters,
  CHANNELS,
  channelWindow,
  extract,
  gpuVa,
  PAGE_BYTES,
  type PciEndpoint,
  pte,
} from '@doorbell/abi';

const { CONTROL, PAGE_ROOT } = channelRegisters.rows;

/** Byte offsets in VRAM of the directories of channels that are on, and of their tables. */
export function tablePages(bell: PciEndpoint): readonly number[] {
  const pages = new Set<number>();
  for (let channel = 0; channel < CHANNELS; channel++) {
    const base = channelWindow.base + channel * channelWindow.stride;
    const read = ({ offset, width }: typeof PAGE_ROOT | typeof CONTROL): number =>
      bell.barRead(bellBars.REGISTERS.index, base + offset, width);
    if ((read(CONTROL) & CONTROL.bits.ENABLE.mask) !== 0) {
      const directory = extract(PAGE_ROOT.bits.PAGE, read(PAGE_ROOT)) * PAGE_BYTES;
      pages.add(directory);
      tablesOf(bell, directory).forEach((table) => pages.add(table));
    }
  }
  return [...pages];
}

function tablesOf(bell: PciEndpoint, directory: number): readonly number[] {
  const words = bell.barMemory(bellBars.VRAM.index)?.words;
  const flags = pte.VALID.mask | pte.TABLE.mask;
  return Array.from({ length: gpuVa.entries }, (_, entry) => {
    return words?.[(directory + entry * gpuVa.entryBytes) / 4] ?? 0;
  })
    .filter((low) => (low & flags) === flags)
    .map((low) => low - (low % PAGE_BYTES));
}
