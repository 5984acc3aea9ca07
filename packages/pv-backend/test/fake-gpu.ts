/**
 * A renderer for tests: it keeps bytes, fills and copies, refuses what a `Gpu` must refuse, counts
 * what it makes, and finishes work when it is told to.
 */
import {
  checkBufferSize,
  checkImageSize,
  type CommandBuffer,
  type CommandName,
  commandNames,
  type Fence,
  type Gpu,
  type GpuBuffer,
  GpuError,
  type GpuErrorCode,
  type GpuFeatures,
  type GpuImage,
  HandleTable,
  type Placement,
  resolveResources,
} from '@doorbell/abi';

interface Held {
  readonly handle: number;
  readonly bytes: number;
  readonly data: Uint8Array;
  readonly picture: { readonly width: number; readonly height: number } | undefined;
}

type Call = Exclude<keyof Gpu, 'features' | 'close'>;

/** Each resource has its addresses to itself. */
const SPAN = 2 ** 24;
const FILL = 0x10;
const COPY = 0x11;

export class FakeGpu implements Gpu {
  features: GpuFeatures;
  created = 0;
  destroyed = 0;
  /** Of what was made and not destroyed. */
  bytes = 0;
  /** Frames that were shown. */
  readonly shown: { width: number; height: number; pixels: Uint8Array }[] = [];
  readonly writes: { handle: number; offset: number; bytes: number }[] = [];
  readonly submitted: Uint32Array[] = [];
  /** Work up to here is over; Infinity: all work, at once. */
  over: Fence = Infinity;
  private last: Fence = 0;
  private readonly held = new HandleTable<Held>();
  private readonly waiting: { fence: Fence; resume: () => void }[] = [];
  private readonly failures = new Map<Call, GpuErrorCode>();
  private readonly broken = new Map<Fence, GpuErrorCode>();

  constructor(commands: readonly CommandName[] = commandNames) {
    this.features = {
      maxBufferBytes: SPAN,
      maxImageSize: 1024,
      commands: new Set(commands),
      compute: false,
    };
  }

  /** What was made and not destroyed. */
  get alive(): number {
    return this.created - this.destroyed;
  }

  bytesOf(handle: number): Uint8Array {
    return this.held.find(handle).data;
  }

  /** The next call of this kind fails. */
  failNext(call: Call, code: GpuErrorCode): void {
    this.failures.set(call, code);
  }

  /** A submission's work will fail. */
  breakWork(fence: Fence, code: GpuErrorCode): void {
    this.broken.set(fence, code);
  }

  /** All work up to `fence` is over. */
  finish(fence: Fence): void {
    this.over = fence;
    const done = this.waiting.filter((waiter) => waiter.fence <= fence);
    this.waiting.splice(0, Infinity, ...this.waiting.filter((waiter) => waiter.fence > fence));
    for (const { resume } of done) {
      resume();
    }
  }

  private check(call: Call): void {
    const code = this.failures.get(call);
    this.failures.delete(call);
    if (code !== undefined) {
      throw new GpuError(code, 'As the test wants it.');
    }
  }

  private add(bytes: number, picture?: Held['picture']): number {
    this.created++;
    this.bytes += bytes;
    const data = new Uint8Array(bytes);
    return this.held.add((handle) => ({ handle, bytes, data, picture })).handle;
  }

  async createBuffer(bytes: number, _placement: Placement): Promise<GpuBuffer> {
    this.check('createBuffer');
    checkBufferSize(this.features, bytes);
    return { handle: this.add(bytes), bytes };
  }

  async createImage(width: number, height: number): Promise<GpuImage> {
    this.check('createImage');
    checkImageSize(this.features, width, height);
    const handle = this.add(4 * width * height, { width, height });
    return { handle, width, height, stride: 4 * width };
  }

  async destroy({ handle }: GpuBuffer | GpuImage): Promise<void> {
    this.check('destroy');
    const held = this.held.find(handle);
    this.held.remove(held);
    this.bytes -= held.bytes;
    this.destroyed++;
  }

  async write({ handle }: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    this.check('write');
    this.held.within(handle, offset, bytes.length).data.set(bytes, offset);
    this.writes.push({ handle, offset, bytes: bytes.length });
  }

  async read({ handle }: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    this.check('read');
    const { data } = this.held.within(handle, offset, into.length);
    into.set(data.subarray(offset, offset + into.length));
  }

  async submit(commands: CommandBuffer): Promise<Fence> {
    this.check('submit');
    resolveResources(commands, this.held, ({ handle }) => handle * SPAN);
    this.submitted.push(commands.words.slice());
    this.draw(commands.words);
    return ++this.last;
  }

  /** Fills and copies; the rest draws nothing. */
  private draw(words: Uint32Array): void {
    for (let at = 0; at < words.length; at += words[at] >>> 16) {
      const opcode = words[at] & 0xff;
      if (opcode === FILL) {
        const [handle, offset, stride, width, height, value] = words.subarray(at + 1, at + 7);
        const view = new DataView(this.bytesOf(handle).buffer);
        for (let i = 0; i < width * height; i++) {
          const to = offset + Math.floor(i / width) * stride + 4 * (i % width);
          view.setUint32(to, value, true);
        }
      } else if (opcode === COPY) {
        const [dst, to, dstStride, src, from, srcStride, rowBytes, rows] = words.subarray(at + 1);
        for (let row = 0; row < rows; row++) {
          const start = from + row * srcStride;
          const bytes = this.bytesOf(src).slice(start, start + rowBytes);
          this.bytesOf(dst).set(bytes, to + row * dstStride);
        }
      }
    }
  }

  async wait(fence: Fence): Promise<void> {
    this.check('wait');
    if (fence > this.over) {
      await new Promise<void>((resume) => {
        this.waiting.push({ fence, resume });
      });
    }
    const code = this.broken.get(fence);
    if (code !== undefined) {
      throw new GpuError(code, 'As the test wants it.');
    }
  }

  async present({ handle }: GpuImage): Promise<void> {
    this.check('present');
    const { data, picture } = this.held.find(handle);
    if (picture === undefined) {
      throw new GpuError('bad-handle', 'A buffer cannot be shown.');
    }
    this.shown.push({ ...picture, pixels: data.slice() });
  }

  async close(): Promise<void> {}
}
