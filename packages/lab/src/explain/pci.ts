/** Causes that every PCI driver can have: its function is not on, or its interrupts do not arrive. */
import { type EventId, msixCapability, msixEntry, type0Header } from '@doorbell/abi';
import type { Evidence, MsixView } from './evidence.ts';
import { type Cause, cite, found } from './explanation.ts';

const { COMMAND } = type0Header.rows;
const { MEMORY, BUS_MASTER } = COMMAND.bits;
const { ENABLE, FUNCTION_MASK } = msixCapability.rows.CONTROL.bits;

/** As the command register stands. */
export function functionOff(evidence: Evidence): Cause | undefined {
  const command = evidence.config(COMMAND.offset, COMMAND.width);
  if ((command & MEMORY.mask) === 0) {
    return memoryDecodeOff(evidence);
  }
  return (command & BUS_MASTER.mask) === 0 ? busMasterOff(evidence) : undefined;
}

/** A driver that gave up has put things back, so what it did is what counts. */
export function neverDecoded(evidence: Evidence): Cause | undefined {
  const isSetUp = evidence.lastConfigWrite(COMMAND.offset) !== undefined;
  return isSetUp && !evidence.wasSet(COMMAND.offset, MEMORY.mask)
    ? memoryDecodeOff(evidence)
    : undefined;
}

function memoryDecodeOff(evidence: Evidence): Cause {
  const step = evidence.lastConfigWrite(COMMAND.offset)?.id ?? 0;
  const what = 'Memory Space Enable is 0: the function answers at none of its BARs.';
  return found('memory-decode-off', 'pci', step, what, cite(type0Header, 'COMMAND', 'MEMORY'));
}

function busMasterOff(evidence: Evidence): Cause {
  const step = evidence.lastConfigWrite(COMMAND.offset)?.id ?? 0;
  const what = 'Bus Master Enable is 0: the function can neither fetch its work nor interrupt.';
  return found('bus-master-off', 'pci', step, what, cite(type0Header, 'COMMAND', 'BUS_MASTER'));
}

/** Why a vector that was signalled runs no handler; undefined: it should. */
export function vectorHeld(evidence: Evidence, vector: number): Cause | undefined {
  const { msix } = evidence;
  if (msix === undefined || vector >= msix.vectors) {
    return undefined;
  }
  return masked(evidence, msix, vector) ?? unhandled(evidence, msix, vector);
}

function masked(evidence: Evidence, msix: MsixView, vector: number): Cause | undefined {
  const off =
    (msix.control & ENABLE.mask) === 0
      ? 'ENABLE'
      : (msix.control & FUNCTION_MASK.mask) !== 0
        ? 'FUNCTION_MASK'
        : undefined;
  if (off !== undefined) {
    const what = `MSI-X message control has ${off}=${off === 'ENABLE' ? 0 : 1}: no vector's message goes out, that of vector ${vector} neither.`;
    const step = evidence.lastConfigWrite(msix.at + msixCapability.rows.CONTROL.offset)?.id ?? 0;
    return found('vector-masked', 'pci', step, what, cite(msixCapability, 'CONTROL', off));
  }
  if (!msix.masked(vector)) {
    return undefined;
  }
  const { bar, offset } = msix.entryAt(vector);
  const step = evidence.lastStore(bar, offset + msixEntry.rows.CONTROL.offset);
  const what = `Vector ${vector} was signalled, and its table entry is masked.`;
  return found('vector-masked', 'pci', step, what, cite(msixEntry, 'CONTROL', 'MASK'));
}

function unhandled(evidence: Evidence, msix: MsixView, vector: number): Cause | undefined {
  const data = msix.data(vector);
  if (evidence.handles(data)) {
    return undefined;
  }
  const step = evidence.last('interrupt')?.id ?? 0;
  const what = `Vector ${vector} sent its message, data 0x${data.toString(16)}, and no handler is installed for it.`;
  return found('handler-not-installed', 'kernel', step, what, cite(msixEntry, 'DATA'));
}

/** Likewise of any vector: one that waits for a mask to go, or whose message was sent after `since`. */
export function vectorsHeld(evidence: Evidence, since: EventId): Cause | undefined {
  const { msix } = evidence;
  const all = Array.from({ length: msix?.vectors ?? 0 }, (_, vector) => vector);
  const pending = all.find((vector) => msix?.pending(vector) === true);
  const sent = evidence.last('interrupt', ({ a }) => a >= 0, since)?.a;
  const vector = pending ?? sent;
  return vector === undefined ? undefined : vectorHeld(evidence, vector);
}
