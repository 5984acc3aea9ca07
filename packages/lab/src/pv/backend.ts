/** A paravirtual backend without a virtual machine around it: in a thread, or behind a socket. */
import type { Clock, Display, Gpu, GpuImage, Trace, VirtioHost } from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { type DisplaySinks, VirtioGpu, type VirtioGpuParts } from '@doorbell/pv-backend';
import { needOwn, type OwnParts } from '../own-parts.ts';
import { openRenderer, type RendererKind } from '../renderers/index.ts';
import { SoftwareRenderer } from '../renderers/software.ts';
import { RendererUnavailable, type OpenGpuDevice } from '../renderers/webgpu/device.ts';
import { WebGpuRenderer } from '../renderers/webgpu/renderer.ts';
import { engineRates } from '../stacks/engine-rates.ts';
import { HOST_GPU, machineWith } from '../stacks/physical-machine.ts';
import { SharedDriver } from '../stacks/shared-driver.ts';
import { VRAM_BYTES } from '../stacks/stack.ts';
import { MachineGpu, MachineTasks } from './machine-gpu.ts';

/** Whom the device tells of what it shows, and of what is done with it. */
type RemoteSinks = DisplaySinks & Partial<Pick<VirtioGpuParts, 'trace' | 'follower'>>;

export interface RemoteBackend {
  /** Makes the device, once. What it shows goes to `display`, and what is to be said of it to `sinks`. */
  create(host: VirtioHost, display: Display, sinks?: RemoteSinks): VirtioGpu;
  /** Counters of the device, as numbers by name; 0 before `create`. */
  counts(): Readonly<Record<string, number>>;
  /** Stops the device, and gives back all that the renderer holds. */
  close(): Promise<void>;
}

/** What may be chosen about it: plain data. */
export interface BackendOptions {
  readonly renderer: RendererKind;
  /** The mode that its display prefers, in pixels. */
  readonly width: number;
  readonly height: number;
}

export interface RemoteBackendParts extends BackendOptions {
  /** The wall's. */
  readonly clock: Clock;
  /** Lets everything else on this thread have its turn. */
  readonly breathe: () => Promise<void>;
  /** Absent: there is no WebGPU here. */
  readonly openGpuDevice?: OpenGpuDevice;
  /** The driver's addresses are its own: it must translate what the device asks for. */
  readonly translated?: boolean;
  /** What somebody else wrote: its renderer draws, whatever `renderer` says. */
  readonly own?: OwnParts | undefined;
  /** A task of the device ended with an error, which it never should. */
  readonly onError: (error: unknown) => void;
}

/** For who follows nothing. */
const noTrace: Trace = { event: () => 0 };

/** @throws GpuError, RendererUnavailable when the renderer cannot be opened. */
export async function remoteBackend(parts: RemoteBackendParts): Promise<RemoteBackend> {
  let monitor: Display = { flip: () => undefined };
  const display: Display = {
    flip: (pixels, width, height, stride) => {
      monitor.flip(pixels, width, height, stride);
    },
  };
  const { own } = parts;
  const { gpu, bytesOf, close } =
    own === undefined ? await openOutside(parts, display) : await openOwnOutside(own, display);
  let device: VirtioGpu | undefined;
  return {
    create: (host, target, sinks) => {
      monitor = target;
      device = new VirtioGpu(host, {
        trace: noTrace,
        ...sinks,
        renderer: gpu,
        bytesOf,
        clock: parts.clock,
        spawn: (body) => {
          body().catch(parts.onError);
        },
        breathe: parts.breathe,
        translated: parts.translated ?? false,
        width: parts.width,
        height: parts.height,
      });
      return device;
    },
    counts: () => (device === undefined ? {} : flatCounts(device)),
    close: async () => {
      await device?.stop();
      await close();
    },
  };
}

/** Commands are counted as `command.NAME`. */
function flatCounts({ counts }: VirtioGpu): Record<string, number> {
  const { commands, ...numbers } = counts;
  const named = Object.entries(commands).map(([name, count]) => [`command.${name}`, count]);
  return { ...numbers, ...(Object.fromEntries(named) as Record<string, number>) };
}

interface OpenOutside {
  readonly gpu: Gpu;
  /** Of a renderer whose images lie in this process. */
  readonly bytesOf?: (image: GpuImage) => Uint8Array;
  readonly close: () => Promise<void>;
}

/** A renderer in software is nobody's device, and a real GPU's is its own; the others are on a machine of their own. */
async function openOutside(
  { renderer: kind, openGpuDevice }: RemoteBackendParts,
  display: Display,
): Promise<OpenOutside> {
  const [profile] = profiles.values();
  if (kind === 'software') {
    const rates = engineRates(profile, 'software');
    const gpu = new SoftwareRenderer({ display, memoryBytes: VRAM_BYTES, rates });
    return { gpu, bytesOf: (image) => gpu.bytesOf(image), close: () => gpu.close() };
  }
  if (kind === 'webgpu') {
    if (openGpuDevice === undefined) {
      throw new RendererUnavailable('renderer=webgpu is not available here.');
    }
    const gpu = await WebGpuRenderer.open(openGpuDevice, { display, memoryBytes: VRAM_BYTES });
    return { gpu, close: () => gpu.close() };
  }
  // Nobody reads its virtual time.
  const { host } = machineWith(kind === 'host', { profile, display, iommu: 'strict' });
  const driver = new SharedDriver(host.computer, HOST_GPU);
  const tasks = new MachineTasks(host.computer);
  const opened = await tasks.run(() => openRenderer(kind, { host, driver, display, profile }));
  return { gpu: new MachineGpu(tasks, opened.gpu), close: () => tasks.run(() => opened.close()) };
}

/** Nobody reads its virtual time. @throws InputError when it is no renderer. */
async function openOwnOutside(own: OwnParts, display: Display): Promise<OpenOutside> {
  const open = needOwn(own, 'renderer');
  const gpu = await open({ display, memoryBytes: VRAM_BYTES, spend: () => {} });
  return { gpu, close: () => gpu.close() };
}
