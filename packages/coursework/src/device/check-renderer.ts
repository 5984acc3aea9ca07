/** What a device under test draws on: this project's engines in software, whose work a check holds back. */
import type {
  CommandBuffer,
  Fence,
  Gpu,
  GpuBuffer,
  GpuFeatures,
  GpuImage,
  Placement,
} from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import type { Picture } from '@doorbell/lab';
import { engineRates, SoftwareRenderer } from '@doorbell/lab/renderer';

const MEMORY_BYTES = 4 << 20;

export class CheckRenderer implements Gpu {
  /** What was presented, oldest first. */
  readonly shown: Picture[] = [];
  /** Resources that were made and not destroyed. */
  alive = 0;
  /** Whether work that is submitted stays under way until `release`. */
  isHeld = false;
  private readonly held: (() => void)[] = [];
  private readonly engines: Gpu;

  constructor() {
    const [profile] = profiles.values();
    this.engines = new SoftwareRenderer({
      display: {
        flip: (pixels, width, height) => {
          this.shown.push({ width, height, pixels: pixels.slice() });
        },
      },
      memoryBytes: MEMORY_BYTES,
      rates: engineRates(profile, 'software'),
    });
  }

  /** All work is over. */
  release(): void {
    this.isHeld = false;
    for (const resume of this.held.splice(0)) {
      resume();
    }
  }

  get features(): GpuFeatures {
    return this.engines.features;
  }

  async createBuffer(bytes: number, placement: Placement): Promise<GpuBuffer> {
    const buffer = await this.engines.createBuffer(bytes, placement);
    this.alive++;
    return buffer;
  }

  async createImage(width: number, height: number): Promise<GpuImage> {
    const image = await this.engines.createImage(width, height);
    this.alive++;
    return image;
  }

  async destroy(resource: GpuBuffer | GpuImage): Promise<void> {
    await this.engines.destroy(resource);
    this.alive--;
  }

  write(resource: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    return this.engines.write(resource, offset, bytes);
  }

  read(resource: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    return this.engines.read(resource, offset, into);
  }

  submit(commands: CommandBuffer): Promise<Fence> {
    return this.engines.submit(commands);
  }

  async wait(fence: Fence): Promise<void> {
    if (this.isHeld) {
      await new Promise<void>((resolve) => {
        this.held.push(resolve);
      });
    }
    await this.engines.wait(fence);
  }

  present(image: GpuImage): Promise<void> {
    return this.engines.present(image);
  }

  close(): Promise<void> {
    return this.engines.close();
  }
}
