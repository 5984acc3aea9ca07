/**
 * Hardware-assisted paravirtualization: the guest has a virtio-gpu by which it asks for a channel of
 * the host's bell and for memory; what runs on the channel it submits to the hardware by itself.
 */
import { CHANNELS, gpuQueues, virtioPciLayout, type VirtioDevice } from '@doorbell/abi';
import { VirtioPci, type VirtioUpcalls } from '@doorbell/device-model';
import {
  GuestChannels,
  HostBell,
  KernelChannel,
  sharedWindow,
  Vm,
  type BarPolicy,
} from '@doorbell/hypervisor';
import { VirtioGpu } from '@doorbell/pv-backend';
import { pciTransport, probeVirtioGpu, type VirtioGpuDriver } from '@doorbell/pv-frontend';
import { SoftwareRenderer } from '../renderers/software.ts';
import { frontendOptions, POLL_NS } from '../pv/options.ts';
import { DISPLAY_OTHER, structuresPolicy } from './pv.ts';
import { engineRates } from './engine-rates.ts';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import { GUEST_BYTES, GUEST_GPU, noPvCounts, type Stack, type StackParts } from './stack.ts';

/** MSI-X: one for the configuration, one for each queue, and behind them those of channels. */
const FIRST_VECTOR = 1 + Object.keys(gpuQueues).length;
const CHANNEL_VECTORS = 8;
/** What the device draws 2D images in, for a driver that wants no channel. */
const SOFTWARE_BYTES = 32 << 20;

export function pvAssisted({ profile, options, display }: StackParts): Stack {
  const { host, bell } = physicalMachine({ profile, display, iommu: 'strict' });
  const hostBell = new HostBell(host, HOST_GPU);

  const vm = new Vm(host, {
    name: 'guest',
    ramBytes: GUEST_BYTES,
    postedInterrupts: options['posted-interrupts'] === 'on',
  });
  const channels = new GuestChannels(hostBell, new KernelChannel(hostBell), vm.pinner());
  const { machine, computer } = host;
  const renderer = new SoftwareRenderer({
    ...{ display, memoryBytes: SOFTWARE_BYTES, rates: engineRates(profile, 'software') },
    spend: (ns) => {
      computer.clock.delay(ns);
    },
  });
  let gpu!: VirtioGpu;
  const make = ({ shared, signalVector, ...upcalls }: VirtioUpcalls): VirtioDevice => {
    gpu = new VirtioGpu(
      { memory: vm.memory(() => virtio.isBusMaster), ...upcalls },
      {
        renderer,
        channels: {
          ...{ host: channels, shared: shared!, firstVector: FIRST_VECTOR },
          ...{ vectors: CHANNEL_VECTORS, signal: signalVector },
        },
        clock: computer.clock,
        spawn: (body) => {
          machine.tasks.spawn(computer.parts.cpu, body);
        },
        trace: machine.tracer,
        width: 640,
        height: 480,
        ...(options.notify === 'poll' ? { pollNs: POLL_NS } : {}),
      },
    );
    return gpu;
  };
  const structures = structuresPolicy(options.ioeventfd === 'on');
  const policy: BarPolicy = (bar, size) =>
    bar === virtioPciLayout.SHARED_BAR
      ? sharedWindow(virtio.shared!, host.bus)
      : structures(bar, size);
  const parts = { make, classCode: DISPLAY_OTHER };
  const virtio: VirtioPci = vm.emulate(
    GUEST_GPU,
    (ports) =>
      new VirtioPci(ports, { ...parts, sharedPages: CHANNELS, extraVectors: CHANNEL_VECTORS }),
    policy,
    display,
  );
  vm.bus.assignBars();

  let driver: VirtioGpuDriver | undefined;
  return {
    host,
    vm,
    computer: vm.computer,
    bdf: GUEST_GPU,
    bell,
    probe: async () => {
      const device = vm.computer.device(GUEST_GPU);
      const chosen = { ...frontendOptions(options), channels: true };
      driver = await probeVirtioGpu(pciTransport(device), device, chosen);
      return driver;
    },
    busyNs: () => bell.counts.busyNs,
    service: {
      start: async () => {},
      stop: async () => {
        await gpu.stop();
        channels.close();
        await renderer.close();
      },
    },
    pvCounts: () => ({
      ...noPvCounts,
      kicks: virtio.kicks,
      suppressedNotifications: gpu.counts.suppressed + (driver?.counts.suppressedKicks ?? 0),
      descriptors: gpu.counts.descriptors,
      commands: gpu.counts.commands,
    }),
  };
}
