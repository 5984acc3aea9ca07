/** Several guests on one GPU, by four ways through: small ones, so that all their bytes can be searched. */
import { bdf, CHANNELS, type Display, type Gpu, gpuQueues, type VirtioDevice } from '@doorbell/abi';
import { virtioPciLayout } from '@doorbell/abi';
import { Bell, VirtioPci, type VirtioUpcalls } from '@doorbell/device-model';
import { probeBell } from '@doorbell/guest-driver';
import {
  GuestChannels,
  Host,
  HostBell,
  KernelChannel,
  MdevParent,
  profiles,
  sharedWindow,
  Vm,
} from '@doorbell/hypervisor';
import { VirtioGpu } from '@doorbell/pv-backend';
import { pciTransport, probeVirtioGpu } from '@doorbell/pv-frontend';
import { frontendOptions } from '../../src/pv/options.ts';
import { LateGpu } from '../../src/renderers/late.ts';
import { SoftwareRenderer } from '../../src/renderers/software.ts';
import { sriovGuests } from '../../src/sensitive/sriov-guests.ts';
import { stackSpec } from '../../src/stack-spec.ts';
import { engineRates } from '../../src/stacks/engine-rates.ts';
import { DISPLAY_OTHER, structuresPolicy } from '../../src/stacks/virtio-guest.ts';
import { GUEST_GPU } from '../../src/stacks/stack.ts';

const profile = profiles.get('free')!;
const RAM_BYTES = 8 << 20;
const VRAM_BYTES = 16 << 20;
const HOST_GPU = bdf(1, 0, 0);

export const ways = ['sriov', 'mdev', 'pv', 'pv-assisted'] as const;
export type Way = (typeof ways)[number];

export interface Opened {
  readonly gpu: Gpu;
  /** Lets go of the driver. */
  readonly close: () => Promise<void>;
}

export interface TestGuest {
  readonly vm: Vm;
  /** Whether the function that it sees is a bell. */
  readonly hasBell: boolean;
  /** Frames of its screen, where it has one of its own. */
  readonly shown: Uint8Array[];
  /** Probes the driver and opens a `Gpu`. */
  readonly open: () => Promise<Opened>;
}

export interface TestMachine {
  readonly host: Host;
  readonly guests: readonly TestGuest[];
  /** What the host runs for them, before and after. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const nobody: Display = { flip: () => undefined };
const nothing = (): Promise<void> => Promise.resolve();

function screen(shown: Uint8Array[]): Display {
  return {
    flip: (pixels) => {
      shown.push(pixels.slice());
    },
  };
}

export function machine(way: Way, guests: number, leaky: boolean): TestMachine {
  return { sriov, mdev, pv, 'pv-assisted': pvAssisted }[way](guests, leaky);
}

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** A host that keeps the bell. */
function keeping(guests: number, leaky: boolean): { host: Host; bell: Bell } {
  const memoryBytes = (32 << 20) + guests * RAM_BYTES;
  const host = new Host({ profile, display: nobody, iommu: 'strict', memoryBytes });
  const port = host.addPort(bdf(0, 1, 0), 'ROOT_PORT', { acs: true });
  const options = { vramBytes: VRAM_BYTES, leakyRegister: leaky };
  const bell = port.plug(
    bdf(0, 0, 0),
    (ports) => new Bell(ports, engineRates(profile, 'engine'), options),
  );
  host.enumerate();
  return { host, bell };
}

function newVm(host: Host, index: number): Vm {
  return new Vm(host, { name: `guest${index}`, ramBytes: RAM_BYTES, postedInterrupts: false });
}

async function openBell(vm: Vm): Promise<Opened> {
  const driver = await probeBell(vm.computer.device(GUEST_GPU));
  const gpu = await driver.open();
  return {
    gpu,
    close: async () => {
      await gpu.close().catch(() => undefined);
      driver.remove();
    },
  };
}

function withBell(vm: Vm, shown: Uint8Array[]): TestGuest {
  return { vm, shown, hasBell: true, open: () => openBell(vm) };
}

// ---------------------------------------------------------------------------------- the ways

function sriov(guests: number, leaky: boolean): TestMachine {
  const screens = times(guests, (): Uint8Array[] => []);
  const { host, vms } = sriovGuests({
    ...{ profile, leaky, guests, ramBytes: RAM_BYTES, vramBytes: VRAM_BYTES },
    display: (index) => screen(screens[index]),
  });
  const made = vms.map((vm, index) => withBell(vm, screens[index]));
  return { host, guests: made, start: nothing, stop: nothing };
}

function mdev(guests: number, leaky: boolean): TestMachine {
  const { host } = keeping(guests, leaky);
  const parent = new MdevParent(new HostBell(host, HOST_GPU));
  const made = times(guests, (index) => {
    const device = parent.create('bell-4', `83b8f4f2-509f-382f-3c1e-e6bfe0fa100${index}`);
    const vm = newVm(host, index);
    const shown: Uint8Array[] = [];
    vm.mediate(GUEST_GPU, device, { barRemap: true, shadow: 'lazy', display: screen(shown) });
    vm.bus.assignBars();
    return withBell(vm, shown);
  });
  return { host, guests: made, start: nothing, stop: nothing };
}

/** A virtio-gpu of a guest. */
interface Virtual {
  readonly guest: TestGuest;
  readonly device: VirtioGpu;
}

function withVirtio(vm: Vm, channels: boolean): TestGuest {
  return {
    ...{ vm, shown: [], hasBell: false },
    open: async () => {
      const port = vm.computer.device(GUEST_GPU);
      const options = { ...frontendOptions(stackSpec('pv').options), channels };
      const driver = await probeVirtioGpu(pciTransport(port), port, options);
      const gpu = await driver.open();
      return {
        gpu,
        close: async () => {
          await gpu.close().catch(() => undefined);
          await driver.remove();
        },
      };
    },
  };
}

function common({ machine: { tasks, tracer }, computer }: Host) {
  return {
    clock: computer.clock,
    spawn: (body: () => Promise<void>) => {
      tasks.spawn(computer.parts.cpu, body);
    },
    ...{ trace: tracer, width: 64, height: 48 },
  };
}

function pv(guests: number, leaky: boolean): TestMachine {
  const { host } = keeping(guests, leaky);
  const renderers = times(guests, () => new LateGpu());
  const virtuals = renderers.map((renderer, index): Virtual => {
    const vm = newVm(host, index);
    let device!: VirtioGpu;
    const make = (upcalls: VirtioUpcalls): VirtioDevice => {
      const memory = vm.memory(() => virtio.isBusMaster);
      device = new VirtioGpu({ memory, ...upcalls }, { renderer, ...common(host) });
      return device;
    };
    const virtio: VirtioPci = vm.emulate(
      GUEST_GPU,
      (ports) => new VirtioPci(ports, { make, classCode: DISPLAY_OTHER }),
      structuresPolicy(true),
      nobody,
    );
    vm.bus.assignBars();
    return { guest: withVirtio(vm, false), device };
  });
  let close: () => Promise<void> = nothing;
  return {
    ...{ host, guests: virtuals.map(({ guest }) => guest) },
    start: async () => {
      const driver = await probeBell(host.computer.device(HOST_GPU));
      const opened = await Promise.all(renderers.map(() => driver.open()));
      renderers.forEach((renderer, index) => {
        renderer.become(opened[index]);
      });
      close = async () => {
        await Promise.all(opened.map((gpu) => gpu.close().catch(() => undefined)));
        driver.remove();
      };
    },
    stop: async () => {
      await Promise.all(virtuals.map(({ device }) => device.stop()));
      await close();
    },
  };
}

const FIRST_VECTOR = 1 + Object.keys(gpuQueues).length;
const VECTORS = 8;

function pvAssisted(guests: number, leaky: boolean): TestMachine {
  const { host } = keeping(guests, leaky);
  const bell = new HostBell(host, HOST_GPU);
  const kernel = new KernelChannel(bell);
  const virtuals = times(guests, (index): Virtual & { channels: GuestChannels } => {
    const vm = newVm(host, index);
    const channels = new GuestChannels(bell, kernel, vm.pinner());
    let device!: VirtioGpu;
    const make = ({ shared, ...upcalls }: VirtioUpcalls): VirtioDevice => {
      const memory = vm.memory(() => virtio.isBusMaster);
      const renderer = new SoftwareRenderer({
        ...{ display: nobody, memoryBytes: 1 << 20, rates: engineRates(profile, 'software') },
      });
      const given = {
        ...{ host: channels, shared: shared!, firstVector: FIRST_VECTOR, vectors: VECTORS },
        signal: (vector: number) => upcalls.signalVector(vector),
      };
      device = new VirtioGpu(
        { memory, ...upcalls },
        { renderer, channels: given, ...common(host) },
      );
      return device;
    };
    const parts = { make, classCode: DISPLAY_OTHER };
    const virtio: VirtioPci = vm.emulate(
      GUEST_GPU,
      (ports) => new VirtioPci(ports, { ...parts, sharedPages: CHANNELS, extraVectors: VECTORS }),
      (bar, size) =>
        bar === virtioPciLayout.SHARED_BAR
          ? sharedWindow(virtio.shared!, host.bus)
          : structuresPolicy(true)(bar, size),
      nobody,
    );
    vm.bus.assignBars();
    return { guest: withVirtio(vm, true), device, channels };
  });
  return {
    ...{ host, guests: virtuals.map(({ guest }) => guest), start: nothing },
    stop: async () => {
      for (const { device, channels } of virtuals) {
        await device.stop();
        channels.close();
      }
    },
  };
}
