/**
 * A `Gpu` for tests of scenes: it keeps what is asked, executes fills and copies, and refuses
 * what no GPU would take: dead handles, ranges beyond a resource, malformed streams, drawing on
 * the image that is on the screen.
 */
import {
  type CommandBuffer,
  type CommandName,
  commandNames,
  commands,
  type Fence,
  type Gpu,
  type GpuBuffer,
  type GpuFeatures,
  type GpuImage,
  headerOpcode,
  headerWords,
  type Placement,
  resolveReferences,
} from '@doorbell/abi';

/** Rows begin at multiples of this, so that a scene that takes a stride for granted is found out. */
const PITCH = 64;

interface Resource {
  readonly bytes: Uint8Array;
  readonly placement: Placement;
}

/** A command of a submission. A reference is handle × 2^26 + offset, or 0 for none. */
export interface Recorded {
  readonly name: CommandName;
  /** By the field's name; floats as their values. */
  readonly fields: Readonly<Record<string, number>>;
}

const HANDLE = 2 ** 26;
export function handleOf(address: number): number {
  return Math.floor(address / HANDLE);
}
export function offsetOf(address: number): number {
  return address % HANDLE;
}

export class RecordingGpu implements Gpu {
  readonly features: GpuFeatures = {
    maxBufferBytes: HANDLE,
    maxImageSize: 4096,
    commands: new Set(commandNames),
    compute: false,
  };
  readonly resources = new Map<number, Resource>();
  /** One list for each submission. */
  readonly submissions: Recorded[][] = [];
  readonly presented: GpuImage[] = [];
  /** Buffers and images made so far. */
  made = 0;
  private fence = 0;

  async createBuffer(bytes: number, placement: Placement): Promise<GpuBuffer> {
    return { handle: this.make(bytes, placement), bytes };
  }

  async createImage(width: number, height: number): Promise<GpuImage> {
    const stride = Math.ceil((width * 4) / PITCH) * PITCH;
    const { maxImageSize } = this.features;
    if (!(width >= 1 && height >= 1 && width <= maxImageSize && height <= maxImageSize)) {
      throw new Error(`No image has ${width} × ${height} pixels.`);
    }
    return { handle: this.make(stride * height, 'device'), width, height, stride };
  }

  private make(bytes: number, placement: Placement): number {
    if (!Number.isInteger(bytes) || bytes < 1 || bytes > HANDLE) {
      throw new Error(`No resource has ${bytes} bytes.`);
    }
    const handle = ++this.made;
    this.resources.set(handle, { bytes: new Uint8Array(bytes), placement });
    return handle;
  }

  async destroy({ handle }: GpuBuffer | GpuImage): Promise<void> {
    this.range(handle, 0, 0);
    this.resources.delete(handle);
  }

  async write({ handle }: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    this.range(handle, offset, bytes.length).set(bytes);
  }

  async read({ handle }: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    into.set(this.range(handle, offset, into.length));
  }

  private range(handle: number, offset: number, bytes: number): Uint8Array {
    const resource = this.resources.get(handle);
    if (resource === undefined) {
      throw new Error(`There is no resource ${handle}.`);
    }
    if (offset + bytes > resource.bytes.length) {
      throw new Error(`${bytes} bytes at ${offset} reach beyond the end of resource ${handle}.`);
    }
    return resource.bytes.subarray(offset, offset + bytes);
  }

  async submit(stream: CommandBuffer): Promise<Fence> {
    const shown = this.presented.at(-1)?.handle;
    const addresses: number[] = [];
    // Addresses are numbered, because handle and offset do not fit in a word.
    const words = resolveReferences(stream, (handle, offset, bytes, writes) => {
      this.range(handle, offset, bytes);
      if (writes && handle === shown) {
        throw new Error('The image on the screen is drawn on.');
      }
      return addresses.push(handle * HANDLE + offset);
    });
    const recorded = decode(words, addresses);
    for (const command of recorded) {
      this.execute(command);
    }
    this.submissions.push(recorded);
    return ++this.fence;
  }

  private execute({ name, fields }: Recorded): void {
    const at = (address: number, row: number, stride: number, bytes: number): Uint8Array =>
      this.range(handleOf(address), offsetOf(address) + row * stride, bytes);
    if (name === 'fill') {
      const word = new Uint8Array(Uint32Array.of(fields.value).buffer);
      for (let row = 0; row < fields.height; row++) {
        const bytes = at(fields.dst, row, fields.stride, fields.width * 4);
        bytes.forEach((_, index) => (bytes[index] = word[index & 3]));
      }
    } else if (name === 'copy') {
      for (let row = 0; row < fields.rows; row++) {
        const from = at(fields.src, row, fields.srcStride, fields.rowBytes);
        at(fields.dst, row, fields.dstStride, fields.rowBytes).set(from);
      }
    }
  }

  async wait(fence: Fence): Promise<void> {
    if (fence < 1 || fence > this.fence) {
      throw new Error(`There was no submission ${fence}.`);
    }
  }

  async present(image: GpuImage): Promise<void> {
    this.range(image.handle, 0, image.stride * image.height);
    this.presented.push(image);
  }

  async close(): Promise<void> {
    this.resources.clear();
  }

  /** A resource's bytes as they are. */
  bytesOf({ handle }: GpuBuffer | GpuImage): Uint8Array {
    return this.range(handle, 0, this.resources.get(handle)?.bytes.length ?? 0);
  }

  placements(): Placement[] {
    return [...this.resources.values()].map(({ placement }) => placement);
  }
}

function decode(words: Uint32Array, addresses: readonly number[]): Recorded[] {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  const recorded: Recorded[] = [];
  for (let at = 0; at < words.length; at += headerWords(words[at])) {
    const opcode = headerOpcode(words[at]);
    const name = commandNames.find((known) => commands[known].opcode === opcode);
    if (name === undefined) {
      throw new Error(`There is no command ${opcode}.`);
    }
    const fields = Object.entries(commands[name].fields).map(([field, { type }], index) => {
      const word = words[at + 1 + index];
      const value =
        type === 'f32'
          ? floats[at + 1 + index]
          : type === 'u32'
            ? word
            : (addresses[word - 1] ?? 0);
      return [field, value];
    });
    recorded.push({ name, fields: Object.fromEntries(fields) as Record<string, number> });
  }
  return recorded;
}
