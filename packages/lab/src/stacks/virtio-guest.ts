/** A guest that has a virtio-gpu, with the backend that serves it as tasks of a CPU of the host. */
import {
  gpuQueues,
  virtioPciLayout,
  type Gpu,
  type VirtioDevice,
  virtioGpuConfig,
} from '@doorbell/abi';
import { VirtioPci, type VirtioUpcalls } from '@doorbell/device-model';
import {
  DeviceHalf,
  sharedWindow,
  Vm,
  type BarPolicy,
  type Cpu,
  type GuestChannels,
  type Host,
} from '@doorbell/hypervisor';
import { VirtioGpu } from '@doorbell/pv-backend';
import { pciTransport, probeVirtioGpu, type VirtioGpuDriver } from '@doorbell/pv-frontend';
import { needOwn, OWN, type DevicePlace, type OwnDevice } from '../own-parts.ts';
import { frontendOptions, POLL_NS } from '../pv/options.ts';
import { shareLimits } from '../pv/share-limits.ts';
import {
  driverPorts,
  GUEST_GPU,
  noPvCounts,
  vmOptions,
  type StackGuest,
  type StackParts,
} from './stack.ts';

/** PCI class: display controller, other. */
export const DISPLAY_OTHER = 0x038000;
const { BAR, NOTIFY, PART_BYTES, SHARED_BAR } = virtioPciLayout;
/** MSI-X: one for the configuration, one for each queue, and behind them those of channels. */
const FIRST_VECTOR = 1 + Object.keys(gpuQueues).length;
const CHANNEL_VECTORS = 8;

export interface VirtioGuestParts {
  readonly host: Host;
  /** Where the backend runs. */
  readonly cpu: Cpu;
  readonly stack: StackParts;
  /** Which of its guests. */
  readonly index: number;
  readonly renderer: Gpu;
  /** Channels of the host's GPU for the guest, of which there can be so many. */
  readonly channels?: { readonly host: (vm: Vm) => GuestChannels; readonly count: number };
}

export interface VirtioGuest extends Omit<StackGuest, 'gpu' | 'service'> {
  readonly vm: Vm;
  readonly backend: DeviceHalf;
  /** Ends the backend's tasks. */
  readonly stop: () => Promise<void>;
}

export function virtioGuest(parts: VirtioGuestParts): VirtioGuest {
  const { host, cpu, index, channels } = parts;
  const { options, guests, own } = parts.stack;
  // The backend runs there.
  cpu.serves = true;
  const vm = new Vm(host, vmOptions(parts.stack, index));
  const channelHost = channels?.host(vm);
  let gpu!: OwnDevice;
  let backend!: DeviceHalf;
  const make = ({ shared, ...upcalls }: VirtioUpcalls): VirtioDevice =>
    (backend = new DeviceHalf({
      machine: host.machine,
      upcalls,
      configBytes: virtioGpuConfig.size,
      make: (own) =>
        (gpu = newDevice(parts, vm, () => virtio.isBusMaster, { ...own, shared }, channelHost)),
    }));
  const more =
    channels === undefined ? {} : { sharedPages: channels.count, extraVectors: CHANNEL_VECTORS };
  const structures = structuresPolicy(options.ioeventfd === 'on');
  const policy: BarPolicy = (bar, size) =>
    bar === SHARED_BAR && virtio.shared !== undefined
      ? sharedWindow(virtio.shared, host.bus)
      : structures(bar, size);
  const virtio: VirtioPci = vm.emulate(
    GUEST_GPU,
    (ports) => new VirtioPci(ports, { make, classCode: DISPLAY_OTHER, ...more }),
    policy,
    guests[index].display,
  );
  vm.bus.assignBars();

  const { computer } = vm;
  let driver: VirtioGpuDriver | undefined;
  return {
    ...{ vm, computer, cpu: computer.parts.cpu, bdf: GUEST_GPU },
    probe: async () => {
      const device = driverPorts(computer, GUEST_GPU, parts.stack.bug);
      const chosen = {
        ...{ ...frontendOptions(options), channels: channels !== undefined },
        ...{ openSplit: own?.driverQueue, openPacked: own?.packedDriverQueue },
      };
      if (own?.driver !== undefined) {
        return own.driver(device);
      }
      const open = options.transport === OWN ? needOwn(own, 'transport') : pciTransport;
      const transport = open(device);
      if (own?.frontend !== undefined) {
        return own.frontend(transport, device);
      }
      driver = await probeVirtioGpu(transport, device, chosen);
      return driver;
    },
    backend,
    stop: async () => {
      const stopped = gpu.stop();
      // Its driver may be gone without having reset it.
      backend.look();
      await stopped;
    },
    pvCounts: () => ({ ...countsOf(gpu, driver), kicks: virtio.kicks }),
  };
}

/** What both count, of those that do. */
function countsOf(
  gpu: OwnDevice,
  driver: VirtioGpuDriver | undefined,
): ReturnType<VirtioGuest['pvCounts'] & {}> {
  const { suppressed, descriptors, commands } =
    gpu instanceof VirtioGpu ? gpu.counts : { suppressed: 0, descriptors: 0, commands: {} };
  const suppressedNotifications = suppressed + (driver?.counts.suppressedKicks ?? 0);
  return { ...noPvCounts, suppressedNotifications, descriptors, commands };
}

function newDevice(
  { host, cpu, stack, renderer }: VirtioGuestParts,
  vm: Vm,
  isBusMaster: () => boolean,
  { shared, ...upcalls }: VirtioUpcalls,
  channels: GuestChannels | undefined,
): OwnDevice {
  const { machine, computer } = host;
  const guest = { memory: vm.memory(isBusMaster), ...upcalls };
  const place: DevicePlace = {
    renderer,
    clock: computer.clock,
    spawn: (body) => {
      machine.tasks.spawn(cpu, body);
    },
    width: 640,
    height: 480,
  };
  if (stack.own?.device !== undefined) {
    return stack.own.device(guest, place);
  }
  return new VirtioGpu(guest, {
    ...place,
    trace: computer.trace,
    limits: shareLimits(stack.guests.length),
    openSplit: stack.own?.queue,
    openPacked: stack.own?.packedQueue,
    ...(stack.options.notify === 'poll' ? { pollNs: POLL_NS } : {}),
    ...(channels === undefined || shared === undefined
      ? {}
      : {
          channels: {
            ...{ host: channels, shared: channels.through(shared) },
            ...{ firstVector: FIRST_VECTOR, vectors: CHANNEL_VECTORS },
            signal: (vector: number) => upcalls.signalVector(vector),
          },
        }),
  });
}

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
