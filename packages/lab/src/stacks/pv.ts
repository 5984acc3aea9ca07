/**
 * Paravirtualization: each guest has a virtio-gpu, whose backend on the host serves its queues and
 * draws on what the host has.
 */
import { recordedDisplay } from '@doorbell/hypervisor';
import { OWN } from '../own-parts.ts';
import {
  openOwn,
  openRenderer,
  type OpenRenderer,
  type VirtualRenderer,
} from '../renderers/index.ts';
import { LateGpu } from '../renderers/late.ts';
import { HostCpus } from './host-cpus.ts';
import { HOST_GPU, machineWith } from './physical-machine.ts';
import { checkChannels, checkShares, shareGpu } from './share-gpu.ts';
import { SharedDriver } from './shared-driver.ts';
import type { Stack, StackGuest, StackParts } from './stack.ts';
import { virtioGuest } from './virtio-guest.ts';

/** @throws InputError when the host's GPU has fewer channels than there are guests. */
export function pv(stack: StackParts): Stack {
  const { profile, options, guests } = stack;
  const kind = options.renderer as VirtualRenderer | typeof OWN;
  if (kind === 'host') {
    checkChannels('pv', guests.length);
  } else {
    checkShares(stack);
  }
  const backends = new HostCpus(guests);
  const { host, bell } = machineWith(kind === 'host', {
    ...{ profile, display: backends.screen, iommu: 'strict', guests: guests.length },
  });
  const cpus = backends.of(host);
  const sharing = bell === undefined ? undefined : shareGpu(stack, host, [bell], cpus);
  const driver = new SharedDriver(host.computer, HOST_GPU);
  const opened: OpenRenderer[] = [];
  return {
    host,
    guests: cpus.map((cpu, index): StackGuest => {
      const renderer = new LateGpu();
      const { stop, ...guest } = virtioGuest({ host, cpu, stack, index, renderer });
      const display = recordedDisplay(host.machine, guests[index].display);
      let open: OpenRenderer | undefined;
      return {
        ...guest,
        gpu: sharing === undefined ? undefined : { sharing, tenant: index },
        service: {
          cpu,
          start: async () => {
            const parts = { host, driver, display, profile };
            open = await (kind === OWN ? openOwn(stack.own, parts) : openRenderer(kind, parts));
            opened.push(open);
            renderer.become(open.gpu);
            guest.backend.ready();
          },
          stop: async () => {
            await stop();
            await open?.close();
          },
        },
      };
    }),
    bells: bell === undefined ? [] : [bell],
    busyNs: () => bell?.counts.busyNs ?? sum(opened.map(({ busyNs }) => busyNs)),
  };
}

function sum(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const total: Record<string, number> = {};
  for (const [name, ns] of all.flatMap((each) => Object.entries(each))) {
    total[name] = (total[name] ?? 0) + ns;
  }
  return total;
}
