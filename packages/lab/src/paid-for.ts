/** In a sentence: what a stack paid for. */
import type { StackReport } from './report.ts';

const number = (value: number): string => value.toLocaleString('en-US');

/** Picks the words from the counts alone. */
export function paidFor({ counts, frames }: Pick<StackReport, 'counts' | 'frames'>): string {
  if (counts.exits === 0 && counts.descriptors === 0) {
    return `Nothing trapped: ${number(counts.directAccesses)} accesses went straight to the device, and ${number(counts.interrupts)} interrupts came straight back${translations(counts, "the host's DMA API maps memory for each request")}.`;
  }
  const later = counts.exitsAfterInit;
  const registers = sum(later, registerExits);
  const interrupts = sum(later, interruptExits);
  const drawn = `${number(frames.count)} ${frames.count === 1 ? 'frame' : 'frames'} and their uploads`;
  if (counts.descriptors > 0) {
    return asked(counts, drawn);
  }
  const direct = number(counts.directAccesses);
  if (counts.commandsScanned > 0) {
    return `The host stood between: ${number(registers)} exits for registers and doorbells in ${drawn}, and ${number(interrupts)} more to give the guest its interrupts; it read ${number(counts.commandsScanned)} packets before they ran and brought shadow page tables up to date ${number(counts.shadowUpdates)} times; the GPU itself did the work.`;
  }
  if (registers > 0) {
    const mapped =
      counts.directAccesses > 0 ? `; ${direct} accesses to mapped VRAM were direct` : '';
    return `Every register access was an exit to the device model: ${number(registers)} in ${drawn}, and ${number(interrupts)} more to give the guest its interrupts${mapped}; the GPU's work was done by a CPU.`;
  }
  const told = sum(later, viommuExits);
  const exits =
    interrupts > 0
      ? `${number(interrupts)} exits in ${drawn}, all for interrupts`
      : `No exit in ${drawn}: interrupts were posted`;
  const others = number(counts.exits - sum(counts.exitsByReason, interruptExits) - told);
  return `${exits}${guarded(told)}; ${others} more set the device up before the first frame and let it go after the last; ${direct} accesses were direct${translations(counts, mapping(counts))}.`;
}

/** By a guest that has an IOMMU of its own. */
function guarded(told: number): string {
  return told === 0
    ? ''
    : `; but for ${number(told)} by which the guest told its own IOMMU what it mapped and unmapped`;
}

function mapping({ exitsByReason }: StackReport['counts']): string {
  return sum(exitsByReason, viommuExits) > 0
    ? "the guest's DMA API maps memory for each request, and the host does so after it"
    : "the guest's memory is mapped once, in large pages";
}

/** Of the paravirtual pair. */
function asked(counts: StackReport['counts'], drawn: string): string {
  const commands = sum(counts.commands, Object.keys(counts.commands));
  const { kicks, suppressedNotifications } = counts;
  const rest =
    (counts.commands.RESOURCE_MAP_BLOB ?? 0) > 0 ? submitted(counts, drawn) : way(counts, drawn);
  return `The driver asked for what it wanted: ${number(commands)} commands in shared memory, with ${number(kicks)} ${kicks === 1 ? 'notification' : 'notifications'}; ${number(suppressedNotifications)} more, in either direction, were spared. ${rest}`;
}

/** By a driver that has a doorbell of the GPU mapped. */
function submitted({ exitsAfterInit }: StackReport['counts'], drawn: string): string {
  const all = sum(exitsAfterInit, Object.keys(exitsAfterInit));
  const interrupts = sum(exitsAfterInit, interruptExits);
  return `It submitted by itself, at a doorbell of the GPU that is mapped into the guest: no submission was an exit, and the host looked at none. ${number(all)} exits in ${drawn}, ${number(interrupts)} of them for interrupts.`;
}

function way(counts: StackReport['counts'], drawn: string): string {
  const { exits, exitsAfterInit, bytesOnWire, bytesMirrored, reconnections } = counts;
  if (exits > 0) {
    const later = sum(exitsAfterInit, Object.keys(exitsAfterInit));
    return `${number(later)} exits in ${drawn}, and the host copied and checked what it was sent.`;
  }
  const nothing = "There is no virtual machine here: nothing traps, and time is the wall's";
  if (bytesOnWire === 0) {
    return `${nothing}.`;
  }
  const again =
    reconnections === 0
      ? ''
      : ` The backend was lost and taken in hand anew ${reconnections} ${reconnections === 1 ? 'time' : 'times'}; what it counts is of the last time.`;
  return `${nothing}; ${number(bytesOnWire)} bytes travelled, ${number(bytesMirrored)} of them rings and requests.${again}`;
}

const registerExits = ['mmio-read', 'mmio-write'];
const viommuExits = ['viommu'];
const interruptExits = ['external-interrupt', 'injection', 'end-of-interrupt'];

function sum(exits: Readonly<Record<string, number>>, reasons: readonly string[]): number {
  return reasons.reduce((total, reason) => total + (exits[reason] ?? 0), 0);
}

/** @param why the IOTLB serves this way as well as it does. */
function translations({ iotlbHits, iotlbMisses }: StackReport['counts'], why: string): string {
  const all = iotlbHits + iotlbMisses;
  return all === 0
    ? ''
    : `; the IOMMU translated ${number(all)} times and walked its tables for ${number(iotlbMisses)} of them: ${why}`;
}
