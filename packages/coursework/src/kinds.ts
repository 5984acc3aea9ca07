/** The kinds of parts: what each is, what stands in its place here, and what it is checked for. */
import type { Environment } from '@doorbell/lab';
import type { Check, CheckInfo, CheckResult } from './check/check.ts';
import { runCheck } from './check/run.ts';
import { channelChecks } from './channel/checks.ts';
import { eduChecks } from './edu/checks.ts';
import { invalidationChecks } from './invalidation/checks.ts';
import { driverQueueChecks } from './driver-queue/checks.ts';
import { packedDriverQueueChecks } from './packed-driver-queue/checks.ts';
import { packedQueueChecks } from './packed-queue/checks.ts';
import { deviceChecks } from './device/checks.ts';
import { driverChecks } from './driver/checks.ts';
import { frontendChecks } from './frontend/checks.ts';
import { mediationChecks } from './mediation/checks.ts';
import type {
  ChannelPart,
  DevicePart,
  DriverPart,
  DriverQueuePart,
  EduPart,
  FrontendPart,
  InvalidationPart,
  PackedDriverQueuePart,
  PackedQueuePart,
  MediationPart,
  Part,
  PartKind,
  PartOf,
  ProjectPart,
  QueuePart,
  RendererPart,
  SchedulerPart,
  TransportPart,
} from './part.ts';
import { projectChecks } from './project/checks.ts';
import { queueChecks } from './queue/checks.ts';
import { channel as ownChannel } from './reference/channel.ts';
import { edu as ownEdu } from './reference/edu.ts';
import { invalidationOf } from './reference/invalidation.ts';
import { project as ownProject } from './reference/project.ts';
import { driverQueue as ownDriverQueue } from './reference/driver-queue.ts';
import { packedDriverQueue as ownPackedDriverQueue } from './reference/packed-driver-queue.ts';
import { packedQueue as ownPackedQueue } from './reference/packed-queue.ts';
import { device as ownDevice } from './reference/device.ts';
import { driver as ownDriver } from './reference/driver.ts';
import { frontend as ownFrontend } from './reference/frontend.ts';
import { mediationOf } from './reference/mediation.ts';
import { queue as ownQueue } from './reference/queue.ts';
import { renderer as ownRenderer } from './reference/renderer.ts';
import { schedulerOf } from './reference/scheduler.ts';
import { transport as ownTransport } from './reference/transport.ts';
import { rendererChecks } from './renderer/checks.ts';
import { schedulerChecks } from './scheduler/checks.ts';
import { transportChecks } from './transport/checks.ts';

interface KindOf<P extends Part> {
  /** One sentence. */
  readonly doc: string;
  /** Where the rules are declared. */
  readonly contract: string;
  /** The project's own. */
  readonly reference: P;
  readonly checks: readonly Check<P>[];
}

const renderer: KindOf<RendererPart> = {
  doc: 'What a paravirtual backend draws on: buffers, images, commands, fences.',
  contract: 'Gpu, in packages/abi/src/gpu.ts and commands.ts',
  reference: ownRenderer,
  checks: rendererChecks,
};

const scheduler: KindOf<SchedulerPart> = {
  doc: 'Who has the engines of a shared GPU next.',
  contract:
    'Arbiter, in packages/abi/src/arbiter.ts; SchedulerKind, in packages/hypervisor/src/schedulers/scheduler-kind.ts',
  reference: schedulerOf(),
  checks: schedulerChecks,
};

const driver: KindOf<DriverPart> = {
  doc: 'Takes the GPU bell in hand, and gives it to applications: rings, fences, interrupts.',
  contract: 'Gpu, in packages/abi/src/gpu.ts; the datasheet, docs/reference/bell.md',
  reference: ownDriver,
  checks: driverChecks,
};

const queue: KindOf<QueuePart> = {
  doc: 'The device half of a split virtqueue, in a paravirtual backend.',
  contract: 'DeviceQueue, in packages/pv-backend/src/ring/device-queue.ts; VIRTIO 1.3 §2.7',
  reference: ownQueue,
  checks: queueChecks,
};

const edu: KindOf<EduPart> = {
  doc: 'Takes edu in hand, the device to learn with: registers, an interrupt, DMA.',
  contract: 'EduDriver, in packages/coursework/src/edu/edu-driver.ts; docs/reference/edu.md',
  reference: ownEdu,
  checks: eduChecks,
};

const channel: KindOf<ChannelPart> = {
  doc: 'Drives one channel of bell: its ring, its doorbell, its fences.',
  contract:
    'ChannelDriver, in packages/coursework/src/channel/channel-driver.ts; docs/reference/bell.md',
  reference: ownChannel,
  checks: channelChecks,
};

const invalidation: KindOf<InvalidationPart> = {
  doc: 'When the IOMMU forgets what a driver has unmapped, and the IOVA is given out again.',
  contract: 'InvalidationPolicy, in packages/hypervisor/src/invalidation/invalidation-policy.ts',
  reference: invalidationOf(),
  checks: invalidationChecks,
};

const project: KindOf<ProjectPart> = {
  doc: 'A part that makes a stack cheaper, and the claim that it does.',
  contract: 'ProjectPart, in packages/coursework/src/part.ts',
  reference: ownProject,
  checks: projectChecks,
};

const packedQueue: KindOf<PackedQueuePart> = {
  doc: 'The device half of a packed virtqueue, in a paravirtual backend.',
  contract: 'DeviceQueue, in packages/pv-backend/src/ring/device-queue.ts; VIRTIO 1.3 §2.8',
  reference: ownPackedQueue,
  checks: packedQueueChecks,
};

const driverQueue: KindOf<DriverQueuePart> = {
  doc: 'The driver half of a split virtqueue, in the paravirtual driver.',
  contract: 'DriverQueue, in packages/pv-frontend/src/ring/driver-queue.ts; VIRTIO 1.3 §2.7',
  reference: ownDriverQueue,
  checks: driverQueueChecks,
};

const packedDriverQueue: KindOf<PackedDriverQueuePart> = {
  doc: 'The driver half of a packed virtqueue, in the paravirtual driver.',
  contract: 'DriverQueue, in packages/pv-frontend/src/ring/driver-queue.ts; VIRTIO 1.3 §2.8',
  reference: ownPackedDriverQueue,
  checks: packedDriverQueueChecks,
};

const device: KindOf<DevicePart> = {
  doc: 'A virtio-gpu without its transport, in front of a renderer.',
  contract: 'OwnDevice, in packages/lab/src/own-parts.ts; VIRTIO 1.3 §2, §5.7',
  reference: ownDevice,
  checks: deviceChecks,
};

const frontend: KindOf<FrontendPart> = {
  doc: 'Takes a virtio-gpu in hand over any transport, and gives it to applications.',
  contract: 'ProbeFrontend, in packages/lab/src/own-parts.ts; Gpu; VIRTIO 1.3 §2, §3, §5.7',
  reference: ownFrontend,
  checks: frontendChecks,
};

const mediation: KindOf<MediationPart> = {
  doc: 'What of a shared GPU traps, and when its shadow page tables follow the guest.',
  contract:
    'MediationPolicy, in packages/hypervisor/src/mdev/mediation-policy.ts; the datasheet, docs/reference/bell.md',
  reference: mediationOf(),
  checks: mediationChecks,
};

const transport: KindOf<TransportPart> = {
  doc: 'How the driver of a paravirtual pair reaches its device: virtio over PCI.',
  contract: 'VirtioTransport, in packages/abi/src/virtio.ts; VIRTIO 1.3 §4.1',
  reference: ownTransport,
  checks: transportChecks,
};

/** By kind. */
export const kinds = {
  ...{ renderer, driver, scheduler, invalidation, mediation, transport },
  ...{ queue, 'packed-queue': packedQueue },
  ...{ 'driver-queue': driverQueue, 'packed-driver-queue': packedDriverQueue },
  ...{ device, frontend, edu, channel, project },
} satisfies { [K in PartKind]: KindOf<PartOf<K>> };

export function checksOf(kind: PartKind): readonly CheckInfo[] {
  return kinds[kind].checks;
}

/** The project's own part of a kind. */
export function referenceOf(kind: PartKind): Part {
  return kinds[kind].reference;
}

/** Runs one of the checks of a part's kind. @throws RangeError when there is none of that id. */
export function checkPart(part: Part, id: string, environment: Environment): Promise<CheckResult> {
  switch (part.kind) {
    case 'renderer':
      return runCheck(find(renderer, id), part, environment);
    case 'scheduler':
      return runCheck(find(scheduler, id), part, environment);
    case 'driver':
      return runCheck(find(driver, id), part, environment);
    case 'queue':
      return runCheck(find(queue, id), part, environment);
    case 'edu':
      return runCheck(find(edu, id), part, environment);
    case 'channel':
      return runCheck(find(channel, id), part, environment);
    case 'project':
      return runCheck(find(project, id), part, environment);
    case 'invalidation':
      return runCheck(find(invalidation, id), part, environment);
    case 'packed-queue':
      return runCheck(find(packedQueue, id), part, environment);
    case 'driver-queue':
      return runCheck(find(driverQueue, id), part, environment);
    case 'packed-driver-queue':
      return runCheck(find(packedDriverQueue, id), part, environment);
    case 'device':
      return runCheck(find(device, id), part, environment);
    case 'frontend':
      return runCheck(find(frontend, id), part, environment);
    case 'mediation':
      return runCheck(find(mediation, id), part, environment);
    case 'transport':
      return runCheck(find(transport, id), part, environment);
  }
}

function find<P extends Part>({ checks }: KindOf<P>, id: string): Check<P> {
  const check = checks.find((each) => each.id === id);
  if (check === undefined) {
    throw new RangeError(`There is no check '${id}'.`);
  }
  return check;
}
