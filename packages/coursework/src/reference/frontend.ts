/** This project's own driver of a virtio-gpu, as a part. */
import { probeVirtioGpu } from '@doorbell/pv-frontend';
import type { FrontendPart } from '../part.ts';

export const frontend: FrontendPart = {
  kind: 'frontend',
  name: 'virtio-gpu',
  probe: (transport, place) =>
    probeVirtioGpu(transport, place, {
      ...{ ring: 'split', notify: 'interrupt', batch: 1, recover: false },
    }),
};
