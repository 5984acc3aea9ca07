/** All tables of clauses, in the order in which the page has them. */
import type { Conformance } from './clause.ts';
import { gpuDevice } from './gpu-device.ts';
import { gpuDriver } from './gpu-driver.ts';
import { packedDevice } from './packed-device.ts';
import { packedDriver } from './packed-driver.ts';
import { splitDevice } from './split-device.ts';
import { splitDriver } from './split-driver.ts';
import { virtioDevice } from './virtio-device.ts';
import { virtioDriver } from './virtio-driver.ts';
import { virtqueueDevice, virtqueueDriver } from './virtqueue.ts';

export const conformances: readonly Conformance[] = [
  virtioDevice,
  virtioDriver,
  virtqueueDevice,
  virtqueueDriver,
  splitDevice,
  splitDriver,
  packedDevice,
  packedDriver,
  gpuDevice,
  gpuDriver,
];
