/** This project's own virtio-gpu, as a part. */
import { VirtioGpu } from '@doorbell/pv-backend';
import type { DevicePart } from '../part.ts';

export const device: DevicePart = {
  kind: 'device',
  name: 'virtio-gpu',
  open: (host, place) => new VirtioGpu(host, { ...place, trace: { event: () => 0 } }),
};
