/** The virtqueues of a recorded peer, as their rings were when the guest kicked the last time. */
import { queueBytes, type EventId } from '@doorbell/abi';
import type { PeerRecording, RecordedRing } from '../../trace/recording.ts';
import { queueView, type QueueView } from './virtqueue.ts';

export interface PeerQueueView extends QueueView {
  /** The kick. */
  readonly event: EventId;
}

/** @param at  the event that happened last. */
export function peerQueues({ rings }: PeerRecording, at: EventId): readonly PeerQueueView[] {
  const until = rings.filter(({ event }) => event <= at);
  const queues = [...new Set(until.map(({ queue }) => queue))].sort((a, b) => a - b);
  return queues.map((queue) => viewOf(until.filter((ring) => ring.queue === queue)));
}

/** @param rings  of one queue, at least one: each is what has changed since the one before. */
function viewOf(rings: readonly RecordedRing[]): PeerQueueView {
  const last = rings[rings.length - 1];
  const begins = rings.findLastIndex((ring) => !isSamePlace(ring, last)) + 1;
  const bytes = new Uint8Array(bytesOf(last).total);
  for (const { changes } of rings.slice(begins)) {
    for (const { at, bytes: changed } of changes) {
      bytes.set(changed, at);
    }
  }
  const { event, queue, size } = last;
  const view = queueView(readerOf(last, bytes), { guest: 0, queue, size, packed: false, at: last });
  return { ...view, event };
}

/** Of the descriptor table, the available ring and the used ring, and of them all. */
function bytesOf({ size }: Pick<RecordedRing, 'size'>) {
  const parts = queueBytes(false, size);
  return { ...parts, total: parts.descriptors + parts.driver + parts.device };
}

/** Whether changes are all within the ring. */
export function isSoundRing(ring: RecordedRing): boolean {
  const { total } = bytesOf(ring);
  return ring.changes.every(({ at, bytes }) => at + bytes.length <= total);
}

function isSamePlace(a: RecordedRing, b: RecordedRing): boolean {
  return (
    a.size === b.size &&
    a.descriptors === b.descriptors &&
    a.driver === b.driver &&
    a.device === b.device
  );
}

function readerOf(ring: RecordedRing, bytes: Uint8Array) {
  const parts = bytesOf(ring);
  const places = [
    { address: ring.descriptors, from: 0, bytes: parts.descriptors },
    { address: ring.driver, from: parts.descriptors, bytes: parts.driver },
    { address: ring.device, from: parts.descriptors + parts.driver, bytes: parts.device },
  ];
  return (address: number, length: number): Uint8Array => {
    const place = places.find(
      (each) => address >= each.address && address + length <= each.address + each.bytes,
    );
    const from = place === undefined ? bytes.length : place.from + address - place.address;
    return bytes.subarray(from, from + length);
  };
}
