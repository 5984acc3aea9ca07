/**
 * The `Gpu` API straight on bell's engines: no driver, no ring, no page table, no machine. What
 * a scene takes here is the engines' own time.
 */
import {
  commandNames,
  commands,
  drawPackets,
  headerOpcode,
  headerWords,
  MAX_SURFACE,
  resolveReferences,
  type CommandBuffer,
  type CommandName,
  type Display,
  type Fence,
  type Gpu,
  type GpuBuffer,
  type GpuFeatures,
  type GpuImage,
} from '@doorbell/abi';
import { blit, copyRows, fill, Renderer, type Surface } from '@doorbell/device-model';

const MEMORY_BYTES = 128 << 20;
const ALIGNMENT = 64;

const nameOf = new Map<number, CommandName>(
  commandNames.map((name) => [commands[name].opcode, name]),
);

export class EngineGpu implements Gpu {
  readonly features: GpuFeatures = {
    maxBufferBytes: MEMORY_BYTES,
    maxImageSize: MAX_SURFACE,
    commands: new Set(commandNames),
    compute: false,
  };
  private readonly display: Display;
  private readonly renderer = new Renderer({ vertex: 0, triangle: 0, pixel: 0 });
  private readonly bytes = new Uint8Array(MEMORY_BYTES);
  private readonly words = new Uint32Array(this.bytes.buffer);
  private readonly floats = new Float32Array(this.bytes.buffer);
  /** Where each handle's memory begins. Nothing lies at 0: it means "none". */
  private readonly bases = new Map<number, number>();
  private next = ALIGNMENT;
  private fences = 0;

  constructor(display: Display) {
    this.display = display;
  }

  async createBuffer(bytes: number): Promise<GpuBuffer> {
    return { handle: this.allocate(bytes), bytes };
  }

  async createImage(width: number, height: number): Promise<GpuImage> {
    const stride = width * 4;
    return { handle: this.allocate(stride * height), width, height, stride };
  }

  private allocate(bytes: number): number {
    const base = this.next;
    this.next += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    if (this.next > MEMORY_BYTES) {
      throw new RangeError('The scene does not fit into the memory of EngineGpu.');
    }
    this.bases.set(base, base);
    return base;
  }

  /** Memory is never used again: scenes that this is for allocate once. */
  async destroy({ handle }: GpuBuffer | GpuImage): Promise<void> {
    this.bases.delete(handle);
  }

  async write({ handle }: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    this.bytes.set(bytes, this.at(handle) + offset);
  }

  async read({ handle }: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    const at = this.at(handle) + offset;
    into.set(this.bytes.subarray(at, at + into.length));
  }

  private at(handle: number): number {
    const base = this.bases.get(handle);
    if (base === undefined) {
      throw new RangeError(`There is no resource ${handle}.`);
    }
    return base;
  }

  async submit(stream: CommandBuffer): Promise<Fence> {
    const packets = resolveReferences(stream, (handle, offset) => this.at(handle) + offset);
    for (let at = 0; at < packets.length; at += headerWords(packets[at])) {
      this.execute(packets, at);
    }
    return ++this.fences;
  }

  async wait(): Promise<void> {}

  async present({ handle, width, height, stride }: GpuImage): Promise<void> {
    const at = this.at(handle);
    this.display.flip(this.bytes.subarray(at, at + stride * height), width, height, stride);
  }

  async close(): Promise<void> {}

  // ------------------------------------------------------------------------------ packets

  private execute(packets: Uint32Array, start: number): void {
    const name = nameOf.get(headerOpcode(packets[start]));
    if (name === undefined) {
      throw new RangeError('EngineGpu has no engine for a packet.');
    }
    const { at } = drawPackets[name] as { readonly at: Readonly<Record<string, number>> };
    const word = (field: string): number => packets[start + at[field]];
    const floats = new Float32Array(packets.buffer, packets.byteOffset, packets.length);
    const float = (field: string): number => floats[start + at[field]];
    const surface = (address: string, stride: string, width: string, height: string): Surface => ({
      words: this.words,
      base: word(address) >>> 2,
      stride: word(stride) >>> 2,
      width: word(width),
      height: word(height),
    });
    const { renderer } = this;
    switch (name) {
      case 'fill':
        fill(surface('dst', 'stride', 'width', 'height'), word('value'));
        break;
      case 'copy':
        this.copy(word);
        break;
      case 'blit':
        blit(
          surface('dst', 'dstStride', 'dstWidth', 'dstHeight'),
          surface('src', 'srcStride', 'srcWidth', 'srcHeight'),
          word('filter'),
          word('blend'),
        );
        break;
      case 'setTarget':
        renderer.setTarget(
          surface('color', 'colorStride', 'width', 'height'),
          word('depth') === 0 ? undefined : surface('depth', 'depthStride', 'width', 'height'),
        );
        break;
      case 'setViewport':
        renderer.setViewport(float('x'), float('y'), float('width'), float('height'));
        break;
      case 'setScissor':
        renderer.setScissor(word('x'), word('y'), word('width'), word('height'));
        break;
      case 'setTexture':
        renderer.setTexture(
          word('texels') === 0 ? undefined : surface('texels', 'stride', 'width', 'height'),
          word('filter'),
        );
        break;
      case 'setTransform':
        renderer.setTransform(
          floats.subarray(start + at.m0, start + at.m0 + 16),
          float('lightX'),
          float('lightY'),
          float('lightZ'),
          float('ambient'),
        );
        break;
      case 'draw':
        this.draw(word);
        break;
    }
  }

  private copy(word: (field: string) => number): void {
    copyRows(
      this.bytes,
      word('dst'),
      word('dstStride'),
      this.bytes,
      word('src'),
      word('srcStride'),
      word('rowBytes'),
      word('rows'),
    );
  }

  private draw(word: (field: string) => number): void {
    this.renderer.draw(
      {
        floats: this.floats,
        words: this.words,
        base: word('vertices') >>> 2,
        vertexCount: word('vertexCount'),
        indices: this.words,
        indexBase: word('indices') >>> 2,
        indexCount: word('indexCount'),
        flags: word('flags'),
      },
      Infinity,
    );
  }
}
