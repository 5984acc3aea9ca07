/** What a driver may give as a queue. */
import {
  MAX_QUEUE_SIZE,
  queueAlignment,
  queueBytes,
  RingError,
  type DeviceMemory,
  type QueueSetup,
} from '@doorbell/abi';

/** @throws RingError when a queue cannot be like that (§2.7, §2.8, §2.8.10.1). */
export function checkQueue(packed: boolean, memory: DeviceMemory, setup: QueueSetup): void {
  const { size } = setup;
  const valid = Number.isInteger(size) && size >= 1 && size <= MAX_QUEUE_SIZE;
  if (!valid || (!packed && (size & (size - 1)) !== 0)) {
    throw new RingError(
      packed
        ? `A packed queue has 1 to ${MAX_QUEUE_SIZE} entries, not ${size} (VIRTIO 1.3 §2.8).`
        : `A split queue's size is a power of two up to ${MAX_QUEUE_SIZE}, not ${size} (VIRTIO 1.3 §2.7).`,
    );
  }
  const alignment = packed ? queueAlignment.packed : queueAlignment.split;
  const bytes = queueBytes(packed, size);
  for (const part of ['descriptors', 'driver', 'device'] as const) {
    // The device writes its own part, and the ring that a packed queue's halves share.
    const write = part === 'device' || (packed && part === 'descriptors');
    const address = setup[part];
    if (address % alignment[part] !== 0) {
      throw new RingError(
        `The queue's ${part} part must be a multiple of ${alignment[part]} (VIRTIO 1.3 §2.7.1, §2.8.11).`,
      );
    }
    if (!memory.reaches(address, bytes[part], write)) {
      throw new RingError(
        `The device cannot reach the ${bytes[part]} bytes of the queue's ${part} part (VIRTIO 1.3 §2.7, §2.8).`,
      );
    }
  }
}
