/** Where the parts of a queue lie in one piece of memory that driver and device share. */
import {
  DESC_BYTES,
  MAX_INDIRECT,
  MAX_QUEUE_SIZE,
  queueAlignment,
  queueBytes,
  type QueueSetup,
} from '@doorbell/abi';

/** Tables of indirect descriptors (§2.7.5.3, §2.8.7): one for each chain that can be outstanding. */
export interface IndirectTables {
  /** As the driver's CPU sees the first. */
  readonly address: number;
  /** As the device does. */
  readonly iova: number;
  /** Descriptors that each table holds. A chain of more buffers is not indirect. */
  readonly entries: number;
}

/** Offsets in bytes from an address that is a multiple of 16. */
export interface QueueLayout extends QueueSetup {
  /** Of the indirect tables. */
  readonly tables: number;
  readonly entries: number;
  /** All together. */
  readonly bytes: number;
}

/**
 * @param entries  descriptors of each indirect table; 0: there are none.
 * @throws RangeError when no queue has that size (§2.7, §2.8).
 */
export function queueLayout(packed: boolean, size: number, entries: number): QueueLayout {
  checkSize(packed, size);
  if (!Number.isInteger(entries) || entries < 0 || entries > MAX_INDIRECT) {
    throw new RangeError(`An indirect table has at most ${MAX_INDIRECT} entries, not ${entries}.`);
  }
  const bytes = queueBytes(packed, size);
  const driver = bytes.descriptors;
  const device = align(driver + bytes.driver, queueAlignment.split.device);
  const tables = align(device + bytes.device, DESC_BYTES);
  return {
    size,
    descriptors: 0,
    driver,
    device,
    tables,
    entries,
    bytes: tables + size * entries * DESC_BYTES,
  };
}

/** The queue's parts in memory that begins at `base`, as whoever uses that address sees it. */
export function setupAt(layout: QueueLayout, base: number): QueueSetup {
  const { size, descriptors, driver, device } = layout;
  return {
    size,
    descriptors: base + descriptors,
    driver: base + driver,
    device: base + device,
  };
}

/** @throws RangeError when a part is not aligned (§2.7.1, §2.8.11), or the size is none. */
export function checkSetup(packed: boolean, setup: QueueSetup): void {
  checkSize(packed, setup.size);
  const alignment = packed ? queueAlignment.packed : queueAlignment.split;
  for (const part of ['descriptors', 'driver', 'device'] as const) {
    if (setup[part] % alignment[part] !== 0) {
      throw new RangeError(
        `The queue's ${part} part must be a multiple of ${alignment[part]} (VIRTIO 1.3 §2.7.1, §2.8.11).`,
      );
    }
  }
}

function checkSize(packed: boolean, size: number): void {
  const valid = Number.isInteger(size) && size >= 1 && size <= MAX_QUEUE_SIZE;
  if (!valid || (!packed && (size & (size - 1)) !== 0)) {
    throw new RangeError(
      packed
        ? `A packed queue has 1 to ${MAX_QUEUE_SIZE} entries, not ${size} (VIRTIO 1.3 §2.8).`
        : `A split queue's size is a power of two up to ${MAX_QUEUE_SIZE}, not ${size} (VIRTIO 1.3 §2.7).`,
    );
  }
}

function align(offset: number, to: number): number {
  return Math.ceil(offset / to) * to;
}
