/**
 * virtio-gpu's driver: `probeVirtioGpu` takes the device in hand, `open` gives one of its contexts
 * as a `Gpu`, `remove` lets go of everything.
 */
import {
  decodeEdid,
  deviceStatus,
  edidBlock,
  type Edid,
  EDID_BYTES_MAX,
  type Gpu,
  GpuError,
  type GpuImage,
  gpuResponseLayouts,
  hasFeature,
  MAX_SCANOUTS,
  virtioGpuFeatures,
  type VirtioTransport,
} from '@doorbell/abi';
import type { FrontendCounts } from './counts.ts';
import { ChannelGpu } from './assisted/gpu.ts';
import { ChannelSlots } from './assisted/slots.ts';
import { VirtioGpuDevice } from './device.ts';
import { ContextGpu } from './gpu.ts';
import type { FrontendOptions, FrontendParts } from './options.ts';
import { ProbeError } from './probe-error.ts';
import {
  getDisplayInfo,
  getEdid,
  moveCursor,
  type Pointer,
  type Rect,
  updateCursor,
} from './requests.ts';
import { retry } from './retry.ts';
import { SCANOUT } from './scanout.ts';
import { startSession } from './session.ts';
import { Undo } from './undo.ts';
import { Waiting } from './waiting.ts';

/** A display that is there. */
export interface Display {
  readonly scanout: number;
  /** Its place and size, in pixels. */
  readonly r: Rect;
  readonly enabled: boolean;
}

export interface VirtioGpuDriver {
  readonly counts: FrontendCounts;
  /** A `Gpu` on a context of its own, which its `close` gives back. @throws GpuError */
  open(): Promise<Gpu>;
  /** The displays. @throws GpuError */
  displayInfo(): Promise<readonly Display[]>;
  /** What a display says of itself; undefined when it says nothing that one understands. @throws GpuError */
  edid(scanout?: number): Promise<Edid | undefined>;
  /** Gives the pointer an image of 64 by 64 pixels; none hides it. @throws GpuError */
  updateCursor(image: GpuImage | undefined, at: Pointer): Promise<void>;
  /** @throws GpuError */
  moveCursor(at: Pointer): Promise<void>;
  /** Resets the device and gives everything back. A `Gpu` that is still open is lost. */
  remove(): Promise<void>;
}

/**
 * @throws ProbeError when this is no virtio-gpu that the driver knows, or it lacks what `options`
 * need; GpuError when it does not answer. Nothing stays held then.
 */
export async function probeVirtioGpu(
  transport: VirtioTransport,
  parts: FrontendParts,
  options: FrontendOptions,
): Promise<VirtioGpuDriver> {
  checkOptions(options);
  const waiting = new Waiting(parts.clock, options);
  const attempt = async (): Promise<Driver> => {
    const undo = new Undo();
    try {
      const { session, features } = await startSession(transport, parts, options, waiting, undo);
      const slots =
        session.channelVectors === undefined
          ? undefined
          : new ChannelSlots(transport, session.channelVectors, options);
      return new Driver(
        new VirtioGpuDevice(transport, parts, options, waiting, undo, session, features),
        transport,
        slots,
      );
    } catch (error) {
      await undo.run().catch(() => {}); // the first error tells more
      throw error;
    }
  };
  try {
    return await attempt().catch(async (error: unknown) => {
      if (options.recover && (await isGone(transport))) {
        return retry(parts.clock, options.recoveryNs, attempt);
      }
      throw error;
    });
  } catch (error) {
    transport.release();
    throw error;
  }
}

/** Whether a device that was just reset needs a reset still: nothing is there any more. */
async function isGone(transport: VirtioTransport): Promise<boolean> {
  return ((await transport.readStatus()) & deviceStatus.DEVICE_NEEDS_RESET) !== 0;
}

function checkOptions({ batch, pollNs }: FrontendOptions): void {
  if (!Number.isInteger(batch) || batch < 1) {
    throw new ProbeError(`A batch is of 1 command or more, not ${batch}.`);
  }
  if (pollNs !== undefined && !(pollNs > 0)) {
    throw new ProbeError(`The time between two looks is more than 0 ns, not ${pollNs}.`);
  }
}

class Driver implements VirtioGpuDriver {
  private readonly device: VirtioGpuDevice;
  private readonly transport: VirtioTransport;
  /** A `Gpu` is a channel of its own. */
  private readonly slots: ChannelSlots | undefined;
  private readonly opened = new Set<ContextGpu | ChannelGpu>();
  private lastContext = 0;
  private lastHandle = 0;
  private removed = false;

  constructor(
    device: VirtioGpuDevice,
    transport: VirtioTransport,
    slots: ChannelSlots | undefined,
  ) {
    this.device = device;
    this.slots = slots;
    this.transport = transport;
  }

  get counts(): FrontendCounts {
    return this.device.counts;
  }

  async open(): Promise<Gpu> {
    this.device.check();
    const nextHandle = (): number => ++this.lastHandle;
    const closed = (): void => {
      this.opened.delete(gpu);
    };
    const context = ++this.lastContext;
    const { device, slots } = this;
    const gpu =
      slots === undefined
        ? new ContextGpu(device, context, nextHandle, closed)
        : new ChannelGpu({ device, context, slots, nextHandle, closed });
    await gpu.open();
    this.opened.add(gpu);
    return gpu;
  }

  async displayInfo(): Promise<readonly Display[]> {
    const response = await this.device.ask('control', getDisplayInfo());
    const { pmodes } = gpuResponseLayouts.OK_DISPLAY_INFO.decode(response);
    const scanouts = Math.min(this.device.session.scanouts, MAX_SCANOUTS);
    return pmodes.slice(0, scanouts).map(({ r, enabled }, scanout) => ({
      scanout,
      r,
      enabled: enabled !== 0,
    }));
  }

  async edid(scanout = SCANOUT): Promise<Edid | undefined> {
    if (!hasFeature(this.device.session.features, virtioGpuFeatures.EDID)) {
      return undefined;
    }
    const response = await this.device.ask('control', getEdid(scanout));
    const { size, edid } = gpuResponseLayouts.OK_EDID.decode(response);
    if (size > EDID_BYTES_MAX) {
      throw new GpuError('fault', `virtio-gpu: an EDID of ${size} bytes.`);
    }
    return size < edidBlock.size ? undefined : decodeEdid(edid.subarray(0, size));
  }

  async updateCursor(image: GpuImage | undefined, at: Pointer): Promise<void> {
    await this.device.ask('cursor', updateCursor(SCANOUT, image?.handle ?? 0, at));
  }

  async moveCursor(at: Pointer): Promise<void> {
    await this.device.ask('cursor', moveCursor(SCANOUT, at));
  }

  async remove(): Promise<void> {
    if (this.removed) {
      return;
    }
    this.removed = true;
    await this.device.remove();
    for (const gpu of this.opened) {
      gpu.freeAll();
    }
    this.transport.release();
  }
}
