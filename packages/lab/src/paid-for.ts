/** In a sentence: what a stack paid for. */
import type { StackReport } from './report.ts';

const number = (value: number): string => value.toLocaleString('en-US');

/** Picks the words from the counts alone. */
export function paidFor({ counts, frames, name }: StackReport): string {
  const perFrame = (count: number): string => (count / Math.max(frames.count, 1)).toFixed(1);
  if (counts.exits === 0) {
    return `Nothing trapped: ${number(counts.directAccesses)} accesses went straight to the device, and ${number(counts.interrupts)} interrupts came straight back${translations(counts)}.`;
  }
  const registers =
    (counts.exitsAfterInit['mmio-read'] ?? 0) + (counts.exitsAfterInit['mmio-write'] ?? 0);
  const interrupts =
    (counts.exitsAfterInit['external-interrupt'] ?? 0) +
    (counts.exitsAfterInit.injection ?? 0) +
    (counts.exitsAfterInit['end-of-interrupt'] ?? 0);
  if (registers > 0) {
    return `Every register access was an exit to the device model: ${perFrame(registers)} a frame, and ${perFrame(interrupts)} more to give it its interrupts; the GPU's work was done by a CPU.`;
  }
  const exits =
    interrupts > 0
      ? `${perFrame(interrupts)} exits a frame, all for interrupts`
      : 'no exit in any frame: interrupts were posted';
  return `After ${number(counts.exits - interrupts)} exits to set ${name === 'passthrough' ? 'the device' : 'it'} up, ${exits}; ${number(counts.directAccesses)} accesses were direct${translations(counts)}.`;
}

function translations({ iotlbHits, iotlbMisses }: StackReport['counts']): string {
  const all = iotlbHits + iotlbMisses;
  return all === 0
    ? ''
    : `; the IOMMU translated ${number(all)} times and walked its tables for ${number(iotlbMisses)} of them`;
}
