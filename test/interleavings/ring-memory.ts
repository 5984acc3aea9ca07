/** Where a queue and the two flags lie, and what their addresses are called. */
import {
  availRing,
  DESC_BYTES,
  eventSuppress,
  packedDesc,
  queueBytes,
  splitDesc,
  usedElem,
  usedRing,
  type QueueSetup,
} from '@doorbell/abi';

export type Ring = 'split' | 'packed';

export const BASE = 0x1000;

export interface RingPlan {
  readonly setup: QueueSetup;
  readonly kick: number;
  readonly interrupt: number;
  /** Bytes from `BASE`. */
  readonly bytes: number;
  readonly names: ReadonlyMap<number, string>;
}

export function planRing(packed: boolean, size: number): RingPlan {
  const bytes = queueBytes(packed, size);
  const driver = BASE + bytes.descriptors;
  const device = Math.ceil((driver + bytes.driver) / 4) * 4;
  const kick = Math.ceil((device + bytes.device) / 2) * 2;
  const setup = { size, descriptors: BASE, driver, device };
  const names = new Map([
    ...(packed ? packedNames(setup) : splitNames(setup)),
    [kick, 'KICK'],
    [kick + 2, 'INTERRUPT'],
  ]);
  return { setup, kick, interrupt: kick + 2, bytes: kick + 4 - BASE, names };
}

type Name = readonly [number, string];

/** Names of a struct's fields, which a store may cover by twos: `flags, next`. */
function fields(at: number, offsets: Readonly<Record<string, number>>, of: string): Name[] {
  return Object.entries(offsets).map(([name, offset]) => [at + offset, `${of}.${name}`]);
}

function descriptors(
  { size, descriptors: at }: QueueSetup,
  offsets: Readonly<Record<string, number>>,
): Name[] {
  return Array.from({ length: size }, (_, i) => i).flatMap((i) => [
    ...fields(at + DESC_BYTES * i, offsets, `desc[${i}]`),
    [at + DESC_BYTES * i + 4, `desc[${i}].addr high`] as const,
  ]);
}

function splitNames(setup: QueueSetup): Name[] {
  const { size, driver, device } = setup;
  const entries = Array.from({ length: size }, (_, i) => i);
  return [
    ...descriptors(setup, splitDesc.offsets),
    [driver + availRing.FLAGS, 'avail.flags'],
    [driver + availRing.IDX, 'avail.idx'],
    ...entries.map((i): Name => [
      driver + availRing.RING + availRing.ENTRY_BYTES * i,
      `avail.ring[${i}]`,
    ]),
    [driver + availRing.usedEvent(size), 'used_event'],
    [device + usedRing.FLAGS, 'used.flags'],
    [device + usedRing.IDX, 'used.idx'],
    ...entries.flatMap((i) =>
      fields(
        device + usedRing.RING + usedRing.ENTRY_BYTES * i,
        usedElem.offsets,
        `used.ring[${i}]`,
      ),
    ),
    [device + usedRing.availEvent(size), 'avail_event'],
  ];
}

function packedNames(setup: QueueSetup): Name[] {
  return [
    ...descriptors(setup, packedDesc.offsets),
    ...fields(setup.driver, eventSuppress.offsets, 'driver_event'),
    ...fields(setup.device, eventSuppress.offsets, 'device_event'),
  ];
}
