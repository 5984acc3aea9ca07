/** The peers, in the order in which they are listed and run. */
import type { Peer } from '../peer.ts';
import { bochsDisplay } from './bochs-display.ts';
import { edu } from './edu.ts';
import { iommu } from './iommu.ts';
import { linuxBochsProxy } from './linux-bochs-proxy.ts';
import { linuxBochsVfioUser } from './linux-bochs-vfio-user.ts';
import { linuxVirtioGpu } from './linux-virtio-gpu.ts';
import { vfioUser } from './vfio-user.ts';
import { vhostUserGpu } from './vhost-user-gpu.ts';
import { virtioGpu } from './virtio-gpu.ts';

export const peers: readonly Peer[] = [
  edu,
  bochsDisplay,
  iommu,
  virtioGpu,
  vhostUserGpu,
  vfioUser,
  linuxVirtioGpu,
  linuxBochsProxy,
  linuxBochsVfioUser,
];
