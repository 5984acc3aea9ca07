/** Applications that do their GPU, its driver or the host what harm they can; and one that only waits. */
import {
  bellBars,
  capabilityIds,
  capabilityOffset,
  CommandEncoder,
  GpuError,
  pcieCapability,
  type Gpu,
  type PciDevice,
  type Placement,
} from '@doorbell/abi';
import { identity } from '../src/math.ts';
import { packVertices } from '../src/mesh.ts';
import { Random } from '../src/random.ts';
import type { Scene, SceneContext } from '../src/scene.ts';
import { fillOf, start } from '../src/scenes/surface.ts';
import { setTarget, setTexture } from '../src/scenes/target.ts';

/** A function of the guest's own, with its driver behind its back. */
export type Device = () => PciDevice;
type Mischief = (gpu: Gpu, context: SceneContext, device: PciDevice) => Promise<void>;

/** A side of the picture that is drawn until the watchdog bites, and how often: 205 ms at 0.1 ns a pixel. */
const SIDE = 1024;
const TIMES = 1960;

/** Words of RAM, from its beginning, in which drivers have their rings. */
const SCRIBBLED = 0x10000;

/** One draw that takes longer than bell's watchdog allows, waited for. @throws GpuError `hang` */
export async function hang(gpu: Gpu): Promise<void> {
  const image = await gpu.createImage(SIDE, SIDE);
  const vertices = packVertices({
    positions: Float32Array.of(-1, -1, 0.5, 1, -1, 0.5, -1, 1, 0.5, 1, 1, 0.5),
    indices: new Uint32Array(0),
  });
  const indices = Uint32Array.from({ length: 6 * TIMES }, (_, at) => [0, 1, 2, 2, 1, 3][at % 6]);
  const mesh = await gpu.createBuffer(vertices.length + indices.byteLength, 'device');
  await gpu.write(mesh, 0, vertices);
  await gpu.write(mesh, vertices.length, new Uint8Array(indices.buffer));
  const commands = new CommandEncoder();
  setTarget(commands, image);
  setTexture(commands, undefined);
  commands.setTransform(identity, [0, 0, 0, 1]).draw({
    vertices: start(mesh),
    vertexCount: 4,
    indices: { handle: mesh.handle, offset: vertices.length },
    indexCount: indices.length,
    flags: 0,
  });
  try {
    await gpu.wait(await gpu.submit(commands.finish()));
  } finally {
    await gpu.destroy(mesh);
    await gpu.destroy(image);
  }
}

/** Everything that there is, and nothing is given back. @throws GpuError `out-of-memory` */
async function hoard(gpu: Gpu, placement: Placement): Promise<never> {
  let bytes = 1 << 26;
  for (;;) {
    try {
      await gpu.createBuffer(Math.min(bytes, gpu.features.maxBufferBytes), placement);
    } catch (error) {
      if (!(error instanceof GpuError) || error.code !== 'out-of-memory' || bytes <= 1 << 16) {
        throw error;
      }
      bytes >>= 2;
    }
  }
}

/** Each is done until it fails. */
const mischiefs: Readonly<Record<string, Mischief>> = {
  hang: (gpu) => hang(gpu),

  hoard: async (gpu) => {
    await hoard(gpu, 'host').catch(ignore);
    await hoard(gpu, 'device');
  },

  /** Doorbells of bell, and notifications of virtio: whatever a BAR has at the beginning of its pages. */
  flood: async (_gpu, { seed }, device) => {
    const random = new Random(seed);
    const windows = barsOf(device);
    for (let i = 0; i < 3000; i++) {
      const window = windows[random.below(windows.length)];
      const page = random.below(Math.min(16, window.size / 4096)) * 4096;
      const value = random.below(2) === 0 ? 64 : random.below(1 << 20);
      window.write(page, 4, value);
    }
  },

  /** The same tail of the driver's own channel, again and again. */
  ring: async (_gpu, _context, device) => {
    const doorbells = device.mapBar(bellBars.DOORBELLS.index);
    for (let i = 0; i < 3000; i++) {
      doorbells.write(0, 4, 0);
    }
  },

  registers: async (_gpu, { seed }, device) => {
    const random = new Random(seed);
    const windows = barsOf(device);
    for (let i = 0; i < 500; i++) {
      const window = windows[random.below(windows.length)];
      const offset = random.below(Math.min(window.size, 0x9000) / 4) * 4;
      const value = random.below(2) === 0 ? random.below(4) : random.below(2 ** 32);
      window.write(offset, 4, value);
    }
  },

  /** Over rings, descriptors and packets in its own memory, with work under way. */
  garbage: async (gpu, { seed }, device) => {
    const random = new Random(seed);
    const image = await gpu.createImage(1024, 1024);
    for (let i = 0; i < 16; i++) {
      await gpu.submit(new CommandEncoder().fill(fillOf(image, i)).finish());
    }
    for (let word = 0; word < SCRIBBLED / 2; word++) {
      const value = random.below(2) === 0 ? random.below(64) : random.below(2 ** 32);
      device.memory.store32(random.below(SCRIBBLED) * 4, value);
    }
    await gpu.present(image);
  },

  flr: async (gpu, context, device) => {
    const image = await gpu.createImage(context.width, context.height);
    await gpu.submit(new CommandEncoder().fill(fillOf(image, 1)).finish());
    const { config } = device;
    const at = capabilityOffset((offset, width) => config.read(offset, width), capabilityIds.PCIE);
    const { DEVICE_CONTROL } = pcieCapability.rows;
    const control = at + DEVICE_CONTROL.offset;
    config.write(control, 2, config.read(control, 2) | DEVICE_CONTROL.bits.FLR.mask);
    await gpu.submit(new CommandEncoder().fill(fillOf(image, 2)).finish());
    await gpu.present(image);
  },

  /** Nothing but to die. */
  wait: async () => {},
};

export const mischiefNames = Object.keys(mischiefs);

function ignore(error: unknown): void {
  if (!(error instanceof GpuError)) {
    throw error;
  }
}

function barsOf(device: PciDevice) {
  return [0, 1, 2, 4].flatMap((bar) => {
    try {
      return [device.mapBar(bar)];
    } catch {
      return [];
    }
  });
}

/** Does it in its first frame, and then sits there until it dies. */
export function hostileScene(name: string, device: Device): Scene {
  return {
    name,
    doc: 'Hostile.',
    setup: async (gpu, context) => ({
      frame: async () => {
        await mischiefs[name](gpu, context, device()).catch(ignore);
        await device()
          .clock.waitQueue()
          .until(() => false, 'time');
      },
      close: async () => {},
    }),
  };
}
