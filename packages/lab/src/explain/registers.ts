/** Accesses to registers: one that is not there, and a reset that did not take place. */
import {
  bellBars,
  bellRegisters,
  channelRegisters,
  channelWindow,
  CHANNELS,
  type RegisterMap,
  type RegisterRow,
  type RegisterRows,
  sriovRegisters,
  sriovWindow,
  TOTAL_VFS,
  virtioCommonConfig,
  virtioPciLayout,
} from '@doorbell/abi';
import type { TraceEvent } from '@doorbell/hypervisor';
import type { Evidence } from './evidence.ts';
import { type Cause, cite, found } from './explanation.ts';

/** A map where it stands in a BAR: so many times, one behind the other. */
interface PlacedMap {
  readonly map: Pick<RegisterMap<RegisterRows>, 'name' | 'size' | 'names' | 'indexAt' | 'rows'>;
  readonly base: number;
  readonly times: number;
}

const BELL_BAR = bellBars.REGISTERS.index;
const bellMaps: readonly PlacedMap[] = [
  { map: bellRegisters, base: 0, times: 1 },
  { map: sriovRegisters, base: sriovWindow.base, times: TOTAL_VFS + 1 },
  { map: channelRegisters, base: channelWindow.base, times: CHANNELS },
];
const { BAR: VIRTIO_BAR, COMMON, PART_BYTES } = virtioPciLayout;
const STATUS_OFFSET = COMMON + virtioCommonConfig.rows.DEVICE_STATUS.offset;
/** A status that a driver has read so often in a row is one that it waits for. */
const MANY = 1000;

/** The register at an offset of bell's BAR0. */
function bellRowAt(
  offset: number,
):
  { readonly map: PlacedMap['map']; readonly row: RegisterRow; readonly base: number } | undefined {
  for (const { map, base, times } of bellMaps) {
    const at = offset - base;
    const index = at < 0 || at >= times * map.size ? -1 : map.indexAt(at % map.size);
    if (index >= 0) {
      return { map, row: map.rows[map.names[index]], base: offset - (at % map.size) };
    }
  }
  return undefined;
}

// ---------------------------------------------------------------------------------- not there

/** The first access of the driver to an offset without a register. */
export function notModelled(evidence: Evidence): Cause | undefined {
  for (let id = 1; id <= evidence.events.count; id++) {
    const kind = evidence.events.kindAt(id);
    const cause =
      kind === 'mmioRead' || kind === 'mmioWrite'
        ? accessOf(evidence, evidence.events.at(id))
        : undefined;
    if (cause !== undefined) {
      return cause;
    }
  }
  return undefined;
}

function accessOf(evidence: Evidence, event: TraceEvent): Cause | undefined {
  return evidence.isBell ? bellAccess(evidence, event) : virtioAccess(evidence, event);
}

function bellAccess(evidence: Evidence, event: TraceEvent): Cause | undefined {
  const offset = evidence.offsetIn(BELL_BAR, event);
  if (offset < 0 || bellRowAt(offset) !== undefined) {
    return undefined;
  }
  const what = `${said(event, BELL_BAR, offset)}: bell has no register there.`;
  return found('register-not-modelled', 'bell', event.id, what, {
    ...cite(bellRegisters, 'ERROR', 'RESERVED'),
  });
}

function virtioAccess(evidence: Evidence, event: TraceEvent): Cause | undefined {
  const offset = evidence.offsetIn(VIRTIO_BAR, event) - COMMON;
  if (offset < 0 || offset >= PART_BYTES || virtioCommonConfig.indexAt(offset) >= 0) {
    return undefined;
  }
  const what = `${said(event, VIRTIO_BAR, offset)}: the common configuration has no field there.`;
  return found('register-not-modelled', 'virtio', event.id, what);
}

function said({ kind, b }: TraceEvent, bar: number, offset: number): string {
  const did = kind === 'mmioRead' ? 'read' : 'wrote';
  return `The driver ${did} 0x${b.toString(16)} at BAR${bar}+0x${offset.toString(16).padStart(4, '0')}`;
}

// ---------------------------------------------------------------------------------- not reset

/** The driver gave up because what it had reset does not look like that. */
export function notReset(evidence: Evidence): Cause | undefined {
  return evidence.isBell ? bellNotReset(evidence) : virtioNotReset(evidence);
}

/** The last that it read in BAR0 is a register that should have its reset value. */
function bellNotReset(evidence: Evidence): Cause | undefined {
  const read = evidence.last('mmioRead', (event) => evidence.offsetIn(BELL_BAR, event) >= 0);
  const offset = read === undefined ? -1 : evidence.offsetIn(BELL_BAR, read);
  const at = offset < 0 ? undefined : bellRowAt(offset);
  if (read === undefined || at?.row.access !== 'RW' || read.b === at.row.reset) {
    return undefined;
  }
  const isChannel = at.base >= channelWindow.base;
  const reset = isChannel
    ? cite(channelRegisters, 'RESET', 'RESET')
    : cite(bellRegisters, 'RESET', 'RESET');
  const name = at.map.names[at.map.indexAt(offset - at.base)];
  const what = `${at.map.name}.${name} reads 0x${read.b.toString(16)} where a reset leaves 0x${at.row.reset.toString(16)}: the device was not reset.`;
  return found('reset-not-finished', 'bell', read.id, what, reset);
}

/** It read the status again and again, and it never was 0. */
function virtioNotReset(evidence: Evidence): Cause | undefined {
  const { events } = evidence;
  let reads = 0;
  let first: TraceEvent | undefined;
  for (let id = 1; id <= events.count && reads < MANY; id++) {
    if (events.kindAt(id) !== 'mmioRead') {
      continue;
    }
    const event = events.at(id);
    if (evidence.offsetIn(VIRTIO_BAR, event) !== STATUS_OFFSET || event.b === 0) {
      reads = 0;
    } else {
      first = reads++ === 0 ? event : first;
    }
  }
  if (reads < MANY || first === undefined) {
    return undefined;
  }
  const what = `The driver waits for the device status to read 0 after a reset, and it reads ${first.b} again and again.`;
  return found(
    'reset-not-finished',
    'virtio',
    first.id,
    what,
    cite(virtioCommonConfig, 'DEVICE_STATUS'),
  );
}
