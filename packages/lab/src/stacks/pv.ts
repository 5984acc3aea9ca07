/**
 * Paravirtualization: the guest has a virtio-gpu, whose backend on the host serves its queues and
 * draws on what the host has.
 */
import { virtioPciLayout, type VirtioDevice, type VirtioHost } from '@doorbell/abi';
import { VirtioPci } from '@doorbell/device-model';
import { Vm, type BarPolicy } from '@doorbell/hypervisor';
import { VirtioGpu } from '@doorbell/pv-backend';
import { pciTransport, probeVirtioGpu, type VirtioGpuDriver } from '@doorbell/pv-frontend';
import { LateGpu } from '../renderers/late.ts';
import { openRenderer, type OpenRenderer, type RendererKind } from '../renderers/index.ts';
import { frontendOptions, POLL_NS } from '../pv/options.ts';
import { machineWith } from './physical-machine.ts';
import { GUEST_BYTES, GUEST_GPU, noPvCounts, type Stack, type StackParts } from './stack.ts';

/** PCI class: display controller, other. */
export const DISPLAY_OTHER = 0x038000;
const { BAR, NOTIFY, PART_BYTES } = virtioPciLayout;

/** All registers trap; the kernel forwards notifications by itself when `ioeventfd` is on. */
export function structuresPolicy(ioeventfd: boolean): BarPolicy {
  return (bar, size) =>
    bar === BAR && ioeventfd
      ? [
          { kind: 'trapped', offset: 0, size: NOTIFY },
          { kind: 'doorbell', offset: NOTIFY, size: PART_BYTES },
        ]
      : [{ kind: 'trapped', offset: 0, size }];
}

export function pv({ profile, options, display }: StackParts): Stack {
  const kind = options.renderer as RendererKind;
  const { host, bell } = machineWith(kind === 'host', { profile, display, iommu: 'strict' });

  const vm = new Vm(host, { name: 'guest', ramBytes: GUEST_BYTES, postedInterrupts: false });
  const { machine, computer } = host;
  const renderer = new LateGpu();
  let gpu!: VirtioGpu;
  const make = (upcalls: Omit<VirtioHost, 'memory'>): VirtioDevice => {
    gpu = new VirtioGpu(
      { memory: vm.memory(() => virtio.isBusMaster), ...upcalls },
      {
        renderer,
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
  const virtio: VirtioPci = vm.emulate(
    GUEST_GPU,
    (ports) => new VirtioPci(ports, { make, classCode: DISPLAY_OTHER }),
    structuresPolicy(options.ioeventfd === 'on'),
    display,
  );
  vm.bus.assignBars();

  let opened: OpenRenderer | undefined;
  let driver: VirtioGpuDriver | undefined;
  return {
    host,
    vm,
    computer: vm.computer,
    bdf: GUEST_GPU,
    bell,
    probe: async () => {
      const device = vm.computer.device(GUEST_GPU);
      driver = await probeVirtioGpu(pciTransport(device), device, frontendOptions(options));
      return driver;
    },
    busyNs: () => opened?.busyNs ?? {},
    service: {
      start: async () => {
        opened = await openRenderer(kind, host, display, profile, bell);
        renderer.become(opened.gpu);
      },
      stop: async () => {
        await gpu.stop();
        await opened?.close();
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
