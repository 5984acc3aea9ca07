/** A renderer for tests, that keeps the bytes of images and shows them. */
import {
  commandNames,
  type Display,
  type Fence,
  type Gpu,
  type GpuBuffer,
  GpuError,
  type GpuFeatures,
  type GpuImage,
} from '@doorbell/abi';

export class PlainRenderer implements Gpu {
  readonly features: GpuFeatures = {
    maxBufferBytes: 1 << 28,
    maxImageSize: 4096,
    commands: new Set(commandNames),
    compute: false,
  };
  private readonly display: Display;
  private readonly held = new Map<number, Uint8Array>();
  private last = 0;

  constructor(display: Display) {
    this.display = display;
  }

  /** What was made and not destroyed. */
  get alive(): number {
    return this.held.size;
  }

  private bytesOf(handle: number): Uint8Array {
    const bytes = this.held.get(handle);
    if (bytes === undefined) {
      throw new GpuError('bad-command', `There is no resource ${handle}.`);
    }
    return bytes;
  }

  async createBuffer(bytes: number): Promise<GpuBuffer> {
    this.held.set(++this.last, new Uint8Array(bytes));
    return { handle: this.last, bytes };
  }

  async createImage(width: number, height: number): Promise<GpuImage> {
    this.held.set(++this.last, new Uint8Array(width * height * 4));
    return { handle: this.last, width, height, stride: width * 4 };
  }

  async destroy({ handle }: GpuBuffer | GpuImage): Promise<void> {
    this.held.delete(handle);
  }

  async write({ handle }: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    this.bytesOf(handle).set(bytes, offset);
  }

  async read({ handle }: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    into.set(this.bytesOf(handle).subarray(offset, offset + into.length));
  }

  async submit(): Promise<Fence> {
    throw new GpuError('bad-command', 'It draws nothing.');
  }

  async wait(): Promise<void> {}

  async present({ handle, width, height, stride }: GpuImage): Promise<void> {
    this.display.flip(this.bytesOf(handle), width, height, stride);
  }

  async close(): Promise<void> {
    this.held.clear();
  }
}
