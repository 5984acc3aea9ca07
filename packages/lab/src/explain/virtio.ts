/** Why a driver of virtio waits for a device that does not answer. */
import {
  availRing,
  descFlags,
  DESC_BYTES,
  deviceStatus,
  gpuQueues,
  hasFeature,
  type QueueState,
  usedRing,
  virtioCommonConfig,
  virtioFeatures,
  virtioPciLayout,
  type VirtioDevice,
} from '@doorbell/abi';
import type { Evidence } from './evidence.ts';
import { type Cause, cite, found } from './explanation.ts';
import { vectorsHeld } from './pci.ts';

const { BAR, COMMON } = virtioPciLayout;
const { DRIVER_OK, DEVICE_NEEDS_RESET } = deviceStatus;
const { EVENT_IDX, RING_PACKED } = virtioFeatures;
/** The queue whose answers a driver waits for. */
const QUEUE = gpuQueues.CONTROL;

/** The wait ran into its time limit, or nothing at all is left to happen. */
export function deviceSilent(evidence: Evidence, device: VirtioDevice): Cause | undefined {
  return (
    notLive(evidence, device) ??
    vectorsHeld(evidence, evidence.last('used')?.id ?? 0) ??
    (isAtWork(evidence) ? undefined : (notNotified(evidence, device) ?? unheard(evidence, device)))
  );
}

function notLive(evidence: Evidence, device: VirtioDevice): Cause | undefined {
  if ((device.status & DEVICE_NEEDS_RESET) !== 0) {
    return undefined;
  }
  if (!device.queue(QUEUE).enabled) {
    const step = evidence.lastStore(BAR, COMMON + virtioCommonConfig.rows.QUEUE_DEVICE_HI.offset);
    const what = `Queue ${QUEUE} has its addresses, and queue_enable is 0.`;
    return found(
      'queue-not-enabled',
      'virtio',
      step,
      what,
      cite(virtioCommonConfig, 'QUEUE_ENABLE'),
    );
  }
  if ((device.status & DRIVER_OK) === 0) {
    const step = evidence.lastStore(BAR, COMMON + virtioCommonConfig.rows.DEVICE_STATUS.offset);
    const what = `The device status is ${device.status}, without DRIVER_OK (${DRIVER_OK}): the device is not live.`;
    return found('driver-ok-not-set', 'virtio', step, what, {
      ...cite(virtioCommonConfig, 'DEVICE_STATUS'),
      bit: 'DRIVER_OK',
    });
  }
  return undefined;
}

/** A command is being worked on, or the GPU that does the work is busy. */
function isAtWork(evidence: Evidence): boolean {
  return evidence.count('command') > evidence.count('used') || evidence.gpuIsBusy;
}

function notNotified(evidence: Evidence, device: VirtioDevice): Cause | undefined {
  const queue = device.queue(QUEUE);
  if (!hasAvailable(evidence, device, queue)) {
    return undefined;
  }
  const { setup } = queue;
  const isPacked = hasFeature(device.driverFeatures, RING_PACKED);
  const [from, to] = isPacked
    ? [setup.descriptors, setup.descriptors + setup.size * DESC_BYTES]
    : [setup.driver + availRing.IDX, setup.driver + availRing.IDX + 2];
  const published = evidence.last('memoryWrite', ({ a }) => a >= from && a < to)?.id ?? 0;
  const kick = evidence.last('kick', ({ a }) => a === QUEUE);
  if (kick !== undefined && kick.id > published) {
    return undefined;
  }
  const after = kick === undefined ? 'none has ever come' : `the last came at event ${kick.id}`;
  const what = `Queue ${QUEUE} has available buffers that the device has not taken, and no notification followed them: ${after}.`;
  return found('queue-not-notified', 'virtio', published, what, {
    ...cite(virtioCommonConfig, 'QUEUE_NOTIFY_OFF'),
  });
}

/** Whether chains are available that the device has not used. */
function hasAvailable(evidence: Evidence, device: VirtioDevice, { setup }: QueueState): boolean {
  if (!hasFeature(device.driverFeatures, RING_PACKED)) {
    const published = evidence.ram16(setup.driver + availRing.IDX);
    return published !== evidence.ram16(setup.device + usedRing.IDX);
  }
  // §2.8.1: of what is available the two bits differ; of what is used they are equal.
  const { AVAIL, USED } = descFlags;
  return Array.from({ length: setup.size }).some((_, entry) => {
    const flags = evidence.ram16(setup.descriptors + entry * DESC_BYTES + DESC_BYTES - 2);
    return ((flags & AVAIL) !== 0) !== ((flags & USED) !== 0);
  });
}

/** All was used, nothing was sent: the event index kept the device from it. */
function unheard(evidence: Evidence, device: VirtioDevice): Cause | undefined {
  const used = evidence.last('used', ({ a }) => a === QUEUE);
  const usesIndex = hasFeature(device.driverFeatures, EVENT_IDX);
  const wasSent =
    used !== undefined && evidence.last('interrupt', undefined, used.id) !== undefined;
  if (!usesIndex || used === undefined || wasSent) {
    return undefined;
  }
  const { setup } = device.queue(QUEUE);
  const isPacked = hasFeature(device.driverFeatures, RING_PACKED);
  const event = evidence.ram16(
    isPacked ? setup.driver : setup.driver + availRing.usedEvent(setup.size),
  );
  const what = isPacked
    ? `The device has used all buffers of queue ${QUEUE}, and the driver's event suppression asks for a notification at 0x${event.toString(16)}, which was not passed.`
    : `The device has used buffers up to index ${evidence.ram16(setup.device + usedRing.IDX)} of queue ${QUEUE}, and used_event is ${event}: it did not pass it, so it sent nothing.`;
  return found('event-index-wrong', 'virtio', used.id, what, {
    ...{ register: isPacked ? 'pvirtq_event_suppress.desc' : 'virtq_avail.used_event', bit: null },
    row: 'Where in the used ring the driver wants its next notification.',
  });
}
