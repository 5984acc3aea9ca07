/**
 * A virtio-gpu behind its queues, for a driver under test: it keeps resources as VIRTIO 1.3 §5.7.6
 * has them, byte by byte, and notes what the driver does that no driver may.
 */
import type { Picture } from '@doorbell/lab';
import {
  bits,
  FENCE,
  HEADER_BYTES,
  headerOf,
  message,
  nameOf,
  responses,
  setOf,
  types,
  wordAt,
  wordsOf,
  type Header,
} from '../virtio/gpu-bytes.ts';
import { pixelFormats, toRgba, type PixelFormat } from '../virtio/pixel-formats.ts';
import type { Breaks } from './rules.ts';
import type { StrictMemory } from './strict-memory.ts';

const { OK_NODATA, ERR_INVALID_RESOURCE_ID, ERR_INVALID_PARAMETER, ERR_UNSPEC } = responses;

/** A capset that contexts may speak. */
export interface Capset {
  readonly id: number;
  readonly version: number;
  readonly bytes: Uint8Array;
}

interface Resource {
  readonly width: number;
  readonly height: number;
  /** Undefined: it is no picture. */
  readonly format: PixelFormat | undefined;
  readonly pixels: Uint8Array;
  /** Addresses and lengths. */
  backing: readonly (readonly [number, number])[] | undefined;
}

/** Bytes of each command's fixed part, with its header; 0: it has none beside. */
const lengths = new Map<number, number>([
  [types.GET_DISPLAY_INFO, 24],
  [types.RESOURCE_CREATE_2D, 40],
  [types.RESOURCE_UNREF, 32],
  [types.SET_SCANOUT, 48],
  [types.RESOURCE_FLUSH, 48],
  [types.TRANSFER_TO_HOST_2D, 56],
  [types.RESOURCE_ATTACH_BACKING, 32],
  [types.RESOURCE_DETACH_BACKING, 32],
  [types.GET_CAPSET_INFO, 32],
  [types.GET_CAPSET, 32],
  [types.GET_EDID, 32],
  [types.CTX_CREATE, 96],
  [types.CTX_DESTROY, 24],
  [types.CTX_ATTACH_RESOURCE, 32],
  [types.CTX_DETACH_RESOURCE, 32],
  [types.RESOURCE_CREATE_3D, 72],
  [types.TRANSFER_TO_HOST_3D, 72],
  [types.TRANSFER_FROM_HOST_3D, 72],
  [types.SUBMIT_3D, 32],
]);

const of3d = (type: number): boolean =>
  (type >= 0x200 && type < 0x300) || type === types.GET_CAPSET || type === types.GET_CAPSET_INFO;

export class MockGpu {
  capsets: readonly Capset[] = [];
  /** What was flushed to the scanout, as R, G, B, A, oldest first. */
  readonly shown: Picture[] = [];
  /** Whether it does transfers that are not fenced after it has answered them, as it may (§5.7.6.5). */
  isLazy = false;
  /** Types of commands, oldest first. */
  readonly received: number[] = [];
  private readonly memory: StrictMemory;
  private readonly breaks: Breaks;
  private resources = new Map<number, Resource>();
  private contexts = new Set<number>();
  private scanout = 0;
  /** Transfers that were answered and not done. */
  private readonly late: (() => void)[] = [];

  constructor(memory: StrictMemory, breaks: Breaks) {
    this.memory = memory;
    this.breaks = breaks;
  }

  reset(): void {
    this.resources = new Map();
    this.contexts = new Set();
    this.scanout = 0;
    this.late.length = 0;
  }

  /** The response to a command of the control queue, to a driver that accepted some features. */
  answer(command: Uint8Array, features: bigint): Uint8Array {
    const { type, flags, fence, context, ring } = headerOf(command);
    this.received.push(type);
    const header: Header = (flags & FENCE) === 0 ? {} : { flags, fence, context, ring };
    if (command.length < (lengths.get(type) ?? HEADER_BYTES)) {
      this.breaks('5.7.6.7/whole', `${nameOf(type)} has ${command.length} bytes`);
      return message(ERR_INVALID_PARAMETER, [], header);
    }
    const feature = of3d(type) ? bits.VIRGL : type === types.GET_EDID ? bits.EDID : undefined;
    if (feature !== undefined && (features & setOf(feature)) === 0n) {
      this.breaks('5.7.3/needs-feature', nameOf(type));
      return message(ERR_UNSPEC, [], header);
    }
    const isFenced = (flags & FENCE) !== 0;
    if (this.isLazy && !isFenced && type === types.TRANSFER_TO_HOST_2D) {
      this.late.push(() => this.execute(type, context, command));
      return message(OK_NODATA);
    }
    // What is late cannot be told from what is not by what is shown: a scanout alone shows nothing.
    if (type !== types.SET_SCANOUT) {
      this.late.splice(0).forEach((transfer) => {
        transfer();
      });
    }
    const { response = OK_NODATA, words = [] } = this.execute(type, context, command);
    return message(response, words, header);
  }

  private execute(
    type: number,
    context: number,
    command: Uint8Array,
  ): { readonly response?: number; readonly words?: readonly number[] } {
    const word = (index: number): number => wordAt(command, HEADER_BYTES + 4 * index);
    switch (type) {
      case types.GET_DISPLAY_INFO:
        return { response: responses.OK_DISPLAY_INFO, words: displays() };
      case types.GET_EDID:
        return { response: responses.OK_EDID, words: Array<number>(2 + 256).fill(0) };
      case types.GET_CAPSET_INFO:
        return this.capsetInfo(word(0));
      case types.GET_CAPSET:
        return this.capset(word(0));
      case types.RESOURCE_CREATE_2D:
        return this.create(word(0), word(1), word(2), word(3), 4);
      case types.RESOURCE_CREATE_3D:
        // resource_id, target, format, bind, width, height: a buffer has a byte for each place.
        return this.create(word(0), word(2), word(4), word(5), word(1) === 0 ? 1 : 4);
      case types.CTX_CREATE:
        return this.createContext(context);
      case types.CTX_DESTROY:
        return this.inContext(context, () => this.contexts.delete(context));
      case types.SUBMIT_3D:
        return this.inContext(context, () => true);
      case types.SET_SCANOUT:
        return this.setScanout(word(5), [word(0), word(1), word(2), word(3)]);
      case types.RESOURCE_FLUSH:
        return this.flush(word(4), [word(0), word(1), word(2), word(3)]);
      case types.TRANSFER_TO_HOST_2D:
        return this.transfer(word(6), [word(0), word(1), word(2), word(3)], word(4));
      case types.CTX_ATTACH_RESOURCE:
      case types.CTX_DETACH_RESOURCE:
        return this.inContext(context, () => this.find(word(0)) !== undefined);
      case types.RESOURCE_UNREF:
        return this.onResource(word(0), () => this.resources.delete(word(0)));
      case types.RESOURCE_ATTACH_BACKING:
        return this.onResource(word(0), (resource) => this.attach(resource, command, word(1)));
      case types.RESOURCE_DETACH_BACKING:
        return this.onResource(word(0), (resource) => {
          resource.backing = undefined;
          return true;
        });
      case types.TRANSFER_TO_HOST_3D:
      case types.TRANSFER_FROM_HOST_3D:
        return this.onResource(word(8), () => true);
      default:
        return { response: ERR_UNSPEC };
    }
  }

  // ------------------------------------------------------------------------------ capsets

  private capsetInfo(index: number): ReturnType<MockGpu['execute']> {
    const capset = this.capsets[index];
    if (capset === undefined) {
      this.breaks('5.7.6.8/capset-index', `${index} of ${this.capsets.length}`);
      return { response: ERR_INVALID_PARAMETER };
    }
    const { id, version, bytes } = capset;
    return { response: responses.OK_CAPSET_INFO, words: [id, version, bytes.length, 0] };
  }

  private capset(id: number): ReturnType<MockGpu['execute']> {
    const bytes = this.capsets.find((each) => each.id === id)?.bytes;
    return bytes === undefined
      ? { response: ERR_INVALID_PARAMETER }
      : {
          response: responses.OK_CAPSET,
          words: Array.from({ length: bytes.length / 4 }, (_, index) => wordAt(bytes, 4 * index)),
        };
  }

  private createContext(id: number): ReturnType<MockGpu['execute']> {
    if (id === 0 || this.contexts.has(id)) {
      this.breaks('5.7.6.9/contexts', `CTX_CREATE of ${id}`);
      return { response: responses.ERR_INVALID_CONTEXT_ID };
    }
    this.contexts.add(id);
    return {};
  }

  private inContext(id: number, work: () => boolean): ReturnType<MockGpu['execute']> {
    if (!this.contexts.has(id)) {
      this.breaks('5.7.6.9/contexts', `context ${id}`);
      return { response: responses.ERR_INVALID_CONTEXT_ID };
    }
    return work() ? {} : { response: ERR_INVALID_RESOURCE_ID };
  }

  // ------------------------------------------------------------------------------ resources

  private find(id: number): Resource | undefined {
    const resource = this.resources.get(id);
    if (resource === undefined) {
      this.breaks('5.7.6.8/resource-ids', `there is no resource ${id}`);
    }
    return resource;
  }

  private onResource(
    id: number,
    work: (resource: Resource) => boolean,
  ): ReturnType<MockGpu['execute']> {
    const resource = this.find(id);
    if (resource === undefined) {
      return { response: ERR_INVALID_RESOURCE_ID };
    }
    return work(resource) ? {} : { response: ERR_INVALID_PARAMETER };
  }

  private create(
    id: number,
    number: number,
    width: number,
    height: number,
    pixelBytes: number,
  ): ReturnType<MockGpu['execute']> {
    if (id === 0 || this.resources.has(id)) {
      this.breaks('5.7.6.8/resource-ids', `a new resource has the id ${id}`);
      return { response: ERR_INVALID_RESOURCE_ID };
    }
    const format = pixelFormats.find((each) => each.number === number);
    const bytes = width * height * pixelBytes;
    if (bytes === 0 || bytes > 1 << 24 || (pixelBytes === 4 && format === undefined)) {
      return { response: ERR_INVALID_PARAMETER };
    }
    const pixels = new Uint8Array(bytes);
    this.resources.set(id, { width, height, format, pixels, backing: undefined });
    return {};
  }

  private attach(resource: Resource, command: Uint8Array, count: number): boolean {
    const entries = Array.from({ length: count }, (_, index) => {
      const at = HEADER_BYTES + 8 + 16 * index;
      const address = wordAt(command, at) + wordAt(command, at + 4) * 2 ** 32;
      return [address, wordAt(command, at + 8)] as const;
    });
    if (command.length < HEADER_BYTES + 8 + 16 * count) {
      this.breaks('5.7.6.7/whole', `RESOURCE_ATTACH_BACKING of ${count} entries is too short`);
      return false;
    }
    if (resource.backing !== undefined) {
      this.breaks('5.7.6.8/backing', 'a second backing');
      return false;
    }
    const far = entries.find(([address, bytes]) => !this.memory.device.mayFetch(address, bytes));
    if (far !== undefined) {
      this.breaks('6.1/reach', `an entry at 0x${far[0].toString(16)} of ${far[1]} bytes`);
      return false;
    }
    resource.backing = entries;
    return true;
  }

  /** Whether the device may still read what was mapped there. */
  holds(iova: number, bytes: number): boolean {
    return [...this.resources.values()].some(({ backing = [] }) =>
      backing.some(([address, length]) => address < iova + bytes && iova < address + length),
    );
  }

  private transfer(
    id: number,
    [x, y, width, height]: readonly number[],
    offset: number,
  ): ReturnType<MockGpu['execute']> {
    return this.onResource(id, (resource) => {
      const { backing, pixels } = resource;
      const size = backing?.reduce((sum, [, bytes]) => sum + bytes, 0) ?? 0;
      const stride = 4 * resource.width;
      const end = offset + stride * (height - 1) + 4 * width;
      const isWithin = x + width <= resource.width && y + height <= resource.height;
      if (backing === undefined || !isWithin || end > size) {
        this.breaks(
          '5.7.6.8/backing',
          `a transfer of resource ${id}, [${x}, ${y}, ${width}, ${height}]`,
        );
        return false;
      }
      for (let row = 0; row < height; row++) {
        const at = (y + row) * stride + 4 * x;
        this.gather(backing, offset + row * stride, pixels.subarray(at, at + 4 * width));
      }
      return true;
    });
  }

  private gather(
    backing: NonNullable<Resource['backing']>,
    offset: number,
    into: Uint8Array,
  ): void {
    let begin = 0;
    for (const [address, bytes] of backing) {
      const [from, to] = [Math.max(offset, begin), Math.min(offset + into.length, begin + bytes)];
      const isReached =
        from >= to ||
        this.memory.fetchNow(address + from - begin, into.subarray(from - offset, to - offset));
      if (!isReached) {
        this.breaks('3.3.1/exposed', 'pages of a backing are not there any more');
      }
      begin += bytes;
    }
  }

  // ------------------------------------------------------------------------------ the scanout

  private setScanout(id: number, rect: readonly number[]): ReturnType<MockGpu['execute']> {
    if (id === 0) {
      this.scanout = 0;
      return {};
    }
    return this.within(id, rect, () => {
      this.scanout = id;
    });
  }

  private flush(id: number, rect: readonly number[]): ReturnType<MockGpu['execute']> {
    return this.within(id, rect, ({ width, height, format, pixels }) => {
      if (this.scanout === id && format !== undefined) {
        this.shown.push({ width, height, pixels: toRgba(pixels, format) });
      }
    });
  }

  private within(
    id: number,
    [x, y, width, height]: readonly number[],
    work: (resource: Resource) => void,
  ): ReturnType<MockGpu['execute']> {
    return this.onResource(id, (resource) => {
      const isWithin = x + width <= resource.width && y + height <= resource.height;
      if (!isWithin) {
        this.breaks('5.7.6.8/rectangles', `[${x}, ${y}, ${width}, ${height}] of resource ${id}`);
        return false;
      }
      work(resource);
      return true;
    });
  }
}

/** One display of 640 by 480, and fifteen that are off. */
function displays(): readonly number[] {
  const on = [0, 0, 640, 480, 1, 0];
  return [...on, ...Array<number>(15 * on.length).fill(0)];
}

/** A response with another word in it. */
export function altered(response: Uint8Array, at: number, word: number): Uint8Array {
  const bytes = response.slice();
  bytes.set(wordsOf([word]), at);
  return bytes;
}
