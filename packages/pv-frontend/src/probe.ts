/**
 * Taking a virtio-gpu in hand, in the order of VIRTIO 1.3 §3.1.1. Each step that takes something
 * pushes its undo at once, so that the same list backwards gives everything back.
 */
import {
  deviceStatus,
  type FeatureSet,
  featureSet,
  gpuQueues,
  hasFeature,
  type RingOptions,
  virtioFeatures,
  virtioGpuConfig,
  virtioGpuFeatures,
  virtioIds,
  type VirtioTransport,
} from '@doorbell/abi';
import { CoherentHeap } from './coherent-heap.ts';
import { CommandQueue } from './command-queue.ts';
import type { FrontendOptions, FrontendParts } from './options.ts';
import { Placement } from './placement.ts';
import { ProbeError } from './probe-error.ts';
import type { DriverQueue, OpenDriverQueue } from './ring/driver-queue.ts';
import { PackedDriverQueue } from './ring/packed.ts';
import { type QueueLayout, queueLayout, setupAt } from './ring/queue-layout.ts';
import { SplitDriverQueue } from './ring/split.ts';
import type { Undo } from './undo.ts';
import type { Waiting } from './waiting.ts';

/** Entries of a queue that the driver makes use of. */
const MOST_ENTRIES = 128;
/** A chain has the parts of one command: fixed, payload, response. */
const LEAST_ENTRIES = 4;
/** Descriptors of an indirect table: the most that a command has. */
const TABLE_ENTRIES = 10;
const HEAP_BYTES = 128 << 10;

const { ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK, FAILED } = deviceStatus;
const { VERSION_1, RING_PACKED, EVENT_IDX, INDIRECT_DESC, ACCESS_PLATFORM } = virtioFeatures;
const { VIRGL, CONTEXT_INIT, EDID, RESOURCE_BLOB } = virtioGpuFeatures;

/** A device that is in use, until it is reset. */
export interface Session {
  readonly features: FeatureSet;
  readonly scanouts: number;
  readonly capsets: number;
  readonly control: CommandQueue;
  readonly cursor: CommandQueue;
  /** MSI-X vectors that channels may have; undefined: the device is used without channels. */
  channelVectors: VectorRange | undefined;
}

export interface VectorRange {
  readonly first: number;
  readonly count: number;
}

/** @throws ProbeError, and whatever the transport throws; `undo` is then to be run. */
export async function takeInHand(
  transport: VirtioTransport,
  parts: FrontendParts,
  options: FrontendOptions,
  waiting: Waiting,
  undo: Undo,
): Promise<Session> {
  if (transport.deviceId !== virtioIds.GPU) {
    throw new ProbeError(`The device is of kind ${transport.deviceId}, and no GPU.`);
  }
  try {
    return await initialize(transport, parts, options, waiting, undo);
  } catch (error) {
    // §3.1.1: a driver that gives up says so.
    await setStatus(transport, FAILED).catch(() => {});
    throw error;
  }
}

async function initialize(
  transport: VirtioTransport,
  parts: FrontendParts,
  options: FrontendOptions,
  waiting: Waiting,
  undo: Undo,
): Promise<Session> {
  // 1. Reset the device.
  await transport.writeStatus(0);

  // 2. ACKNOWLEDGE: we have noticed it.
  await setStatus(transport, ACKNOWLEDGE);

  // 3. DRIVER: we know how to drive it.
  await setStatus(transport, DRIVER);

  // 4. Read the features that it offers, and write the subset that we understand.
  const features = chooseFeatures(await transport.deviceFeatures(), options);
  await transport.setDriverFeatures(features);

  // 5. FEATURES_OK: from here on no other features are accepted.
  await setStatus(transport, FEATURES_OK);

  // 6. Read the status again: does the device agree?
  if (((await transport.readStatus()) & FEATURES_OK) === 0) {
    throw new ProbeError(`The device refuses the features 0x${features.toString(16)}.`);
  }

  // 7. What is particular to the device: its configuration and its queues.
  transport.onConfigChange(() => {
    waiting.onConfigChange();
  });
  const config = await readConfig(transport);
  const setUp = queueSetUp(transport, parts, options, features, undo);
  const control = await setUp(gpuQueues.CONTROL);
  const cursor = await setUp(gpuQueues.CURSOR);
  // Before all other undo: nothing is given back while the device may use it.
  undo.push(async () => {
    try {
      await transport.writeStatus(0);
    } finally {
      control.queue.release();
      cursor.queue.release();
    }
  });
  waiting.serve([control.queue, cursor.queue]);
  for (const { number, setup, queue } of [control, cursor]) {
    await transport.enableQueue(number, setup, () => {
      waiting.onUsed(queue);
    });
  }

  // 8. DRIVER_OK: the device is live.
  await setStatus(transport, DRIVER_OK);
  return {
    ...{ features, ...config, control: control.queue, cursor: cursor.queue },
    channelVectors: undefined,
  };
}

/** §2.1.1: bits are only ever added. */
async function setStatus(transport: VirtioTransport, bit: number): Promise<void> {
  await transport.writeStatus((await transport.readStatus()) | bit);
}

/** @throws ProbeError when one is missing that we cannot do without. */
function chooseFeatures(offered: FeatureSet, options: FrontendOptions): FeatureSet {
  const { ring, notify, channels = false } = options;
  if (!hasFeature(offered, VERSION_1)) {
    throw new ProbeError('The device is a legacy one: it does not offer VIRTIO_F_VERSION_1.');
  }
  if (ring === 'packed' && !hasFeature(offered, RING_PACKED)) {
    throw new ProbeError(
      'The device has no packed queues: it does not offer VIRTIO_F_RING_PACKED.',
    );
  }
  if (notify === 'event-idx' && !hasFeature(offered, EVENT_IDX)) {
    throw new ProbeError('The device has no event index: it does not offer VIRTIO_F_EVENT_IDX.');
  }
  if (channels && !(hasFeature(offered, RESOURCE_BLOB) && hasFeature(offered, CONTEXT_INIT))) {
    throw new ProbeError('The device has no channels: it offers no blobs, or no capsets.');
  }
  return (
    offered &
    featureSet(
      VERSION_1,
      INDIRECT_DESC,
      ACCESS_PLATFORM, // all that the device reaches was mapped by the DMA API
      EDID,
      ...(channels ? [RESOURCE_BLOB] : []),
      ...(ring === 'packed' ? [RING_PACKED] : []),
      ...(notify === 'event-idx' ? [EVENT_IDX] : []),
      // §5.7.3: CONTEXT_INIT needs VIRGL, and what contexts there are without it we do not know.
      ...(hasFeature(offered, CONTEXT_INIT) && hasFeature(offered, VIRGL)
        ? [VIRGL, CONTEXT_INIT]
        : []),
    )
  );
}

async function readConfig(
  transport: VirtioTransport,
): Promise<{ readonly scanouts: number; readonly capsets: number }> {
  const config = virtioGpuConfig.decode(await transport.readConfig(0, virtioGpuConfig.size));
  return { scanouts: config.num_scanouts, capsets: config.num_capsets };
}

interface SetUpQueue {
  readonly number: number;
  readonly setup: ReturnType<typeof setupAt>;
  readonly queue: CommandQueue;
}

/** Makes queues in memory that driver and device share. */
function queueSetUp(
  transport: VirtioTransport,
  { memory, dma }: FrontendParts,
  options: FrontendOptions,
  features: FeatureSet,
  undo: Undo,
): (number: number) => Promise<SetUpQueue> {
  const coherent = (bytes: number): ReturnType<typeof dma.allocateCoherent> => {
    const made = dma.allocateCoherent(bytes);
    undo.push(() => {
      dma.freeCoherent(made);
    });
    return made;
  };
  const heap = new CoherentHeap(coherent(HEAP_BYTES));
  const indirect = hasFeature(features, INDIRECT_DESC);
  return async (number) => {
    const size = queueSize(number, await transport.maxQueueSize(number));
    const layout = queueLayout(options.ring === 'packed', size, indirect ? TABLE_ENTRIES : 0);
    const { address, iova } = coherent(layout.bytes);
    const ring = driverQueue(memory, layout, address, iova, options, indirect);
    const placement = new Placement(memory, dma, heap, size);
    const queue = new CommandQueue(number, transport, ring, placement, options.batch);
    return { number, setup: setupAt(layout, iova), queue };
  };
}

/** A power of two, as a split queue must have (§2.7). @throws ProbeError */
function queueSize(number: number, most: number): number {
  if (most < LEAST_ENTRIES) {
    throw new ProbeError(
      `Queue ${number} has ${most} entries; a command may need ${LEAST_ENTRIES}.`,
    );
  }
  let size = LEAST_ENTRIES;
  while (size * 2 <= Math.min(most, MOST_ENTRIES)) {
    size *= 2;
  }
  return size;
}

function driverQueue(
  memory: FrontendParts['memory'],
  layout: QueueLayout,
  address: number,
  iova: number,
  { ring, notify, openSplit = newSplit, openPacked = newPacked }: FrontendOptions,
  indirect: boolean,
): DriverQueue {
  const ringOptions: RingOptions = { indirect, eventIdx: notify === 'event-idx', inOrder: false };
  const entries = layout.entries;
  const tables = { address: address + layout.tables, iova: iova + layout.tables, entries };
  const open = ring === 'packed' ? openPacked : openSplit;
  return open(memory, setupAt(layout, address), ringOptions, indirect ? tables : undefined);
}

const newSplit: OpenDriverQueue = (memory, setup, options, tables) =>
  new SplitDriverQueue(memory, setup, options, tables);
const newPacked: OpenDriverQueue = (memory, setup, options, tables) =>
  new PackedDriverQueue(memory, setup, options, tables);
