/**
 * Hardware-assisted paravirtualization: each guest has a virtio-gpu by which it asks for a channel of
 * the host's bell and for memory; what runs on the channel it submits to the hardware by itself.
 */
import { CHANNELS } from '@doorbell/abi';
import {
  type DeviceHalf,
  GuestChannels,
  HostBell,
  KernelChannel,
  recordedDisplay,
} from '@doorbell/hypervisor';
import { SoftwareRenderer } from '../renderers/software.ts';
import { engineRates } from './engine-rates.ts';
import { HostCpus } from './host-cpus.ts';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import { checkChannels, shareGpu } from './share-gpu.ts';
import type { Stack, StackGuest, StackParts } from './stack.ts';
import { virtioGuest } from './virtio-guest.ts';

/** What the device draws 2D images in, for a driver that wants no channel. */
const SOFTWARE_BYTES = 32 << 20;
/** The host's own, by which it clears memory. */
const KERNEL_CHANNELS = 1;

/** @throws InputError when the GPU has fewer channels than there are guests. */
export function pvAssisted(stack: StackParts): Stack {
  const { profile, guests } = stack;
  checkChannels('pv-assisted', guests.length, KERNEL_CHANNELS);
  const backends = new HostCpus(guests);
  const { host, bell } = physicalMachine({
    ...{ profile, display: backends.screen, iommu: 'strict', guests: guests.length },
  });
  const cpus = backends.of(host);
  const hostBell = new HostBell(host, HOST_GPU);
  const kernel = new KernelChannel(hostBell);
  const sharing = shareGpu(stack, host, [bell], cpus);
  return {
    host,
    guests: cpus.map((cpu, index): StackGuest => {
      const renderer = new SoftwareRenderer({
        display: recordedDisplay(host.machine, guests[index].display),
        memoryBytes: SOFTWARE_BYTES,
        rates: engineRates(profile, 'software'),
        spend: (ns) => {
          host.computer.clock.delay(ns);
        },
      });
      let channels!: GuestChannels;
      const { stop, ...guest } = virtioGuest({
        ...{ host, cpu, stack, index, renderer },
        channels: {
          count: CHANNELS,
          host: (vm) => (channels = new GuestChannels(hostBell, kernel, vm.pinner())),
        },
      });
      return {
        ...guest,
        gpu: { sharing, tenant: index },
        backend: {
          save: () => ({ channels: channels.save(), half: guest.backend.save() }),
          load: (state: AssistedState) => {
            channels.load(state.channels);
            guest.backend.load(state.half);
          },
        },
        service: {
          cpu,
          start: async () => {
            guest.backend.ready();
          },
          stop: async () => {
            await stop();
            channels.close();
            await renderer.close();
          },
        },
      };
    }),
    bells: [bell],
    busyNs: () => bell.counts.busyNs,
    keeper: {
      save: () => ({ bell: hostBell.save(), kernel: kernel.save() }),
      load: (state: KeeperState) => {
        hostBell.load(state.bell);
        kernel.load(state.kernel);
      },
    },
  };
}

interface KeeperState {
  readonly bell: ReturnType<HostBell['save']>;
  readonly kernel: ReturnType<KernelChannel['save']>;
}

interface AssistedState {
  readonly channels: ReturnType<GuestChannels['save']>;
  readonly half: ReturnType<DeviceHalf['save']>;
}
