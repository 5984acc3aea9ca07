/**
 * Resources, backings and the scanout of a mock virtio-gpu (VIRTIO 1.3 §5.7.6.8). It notes what the
 * driver does with them that no driver may.
 */
import type { Picture } from '@doorbell/lab';
import { HEADER_BYTES, responses, wordAt } from '../virtio/gpu-bytes.ts';
import { pixelFormats, toRgba, type PixelFormat } from '../virtio/pixel-formats.ts';
import type { Breaks } from './rules.ts';
import type { StrictMemory } from './strict-memory.ts';

const { ERR_INVALID_RESOURCE_ID, ERR_INVALID_PARAMETER } = responses;
const MOST_BYTES = 1 << 24;

/** A response: OK_NODATA when it does not say, and what follows its header. */
export interface Outcome {
  readonly response?: number;
  readonly words?: readonly number[];
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

export class MockResources {
  /** What was flushed to the scanout, as R, G, B, A, oldest first. */
  readonly shown: Picture[] = [];
  private readonly memory: StrictMemory;
  private readonly breaks: Breaks;
  private readonly byId = new Map<number, Resource>();
  /** The resource that the scanout shows; 0: none. */
  private scanout = 0;

  constructor(memory: StrictMemory, breaks: Breaks) {
    this.memory = memory;
    this.breaks = breaks;
  }

  reset(): void {
    this.byId.clear();
    this.scanout = 0;
  }

  find(id: number): Resource | undefined {
    const resource = this.byId.get(id);
    if (resource === undefined) {
      this.breaks('5.7.6.8/resource-ids', `there is no resource ${id}`);
    }
    return resource;
  }

  private onResource(id: number, work: (resource: Resource) => boolean): Outcome {
    const resource = this.find(id);
    if (resource === undefined) {
      return { response: ERR_INVALID_RESOURCE_ID };
    }
    return work(resource) ? {} : { response: ERR_INVALID_PARAMETER };
  }

  create(id: number, number: number, width: number, height: number, pixelBytes: number): Outcome {
    if (id === 0 || this.byId.has(id)) {
      this.breaks('5.7.6.8/resource-ids', `a new resource has the id ${id}`);
      return { response: ERR_INVALID_RESOURCE_ID };
    }
    const format = pixelFormats.find((each) => each.number === number);
    const bytes = width * height * pixelBytes;
    if (bytes === 0 || bytes > MOST_BYTES || (pixelBytes === 4 && format === undefined)) {
      return { response: ERR_INVALID_PARAMETER };
    }
    const pixels = new Uint8Array(bytes);
    this.byId.set(id, { width, height, format, pixels, backing: undefined });
    return {};
  }

  unref(id: number): Outcome {
    return this.onResource(id, () => this.byId.delete(id));
  }

  detach(id: number): Outcome {
    return this.onResource(id, (resource) => {
      resource.backing = undefined;
      return true;
    });
  }

  /** @param count  as nr_entries has it. */
  attach(id: number, command: Uint8Array, count: number): Outcome {
    return this.onResource(id, (resource) => this.attachTo(resource, command, count));
  }

  private attachTo(resource: Resource, command: Uint8Array, count: number): boolean {
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
    return [...this.byId.values()].some(({ backing = [] }) =>
      backing.some(([address, length]) => address < iova + bytes && iova < address + length),
    );
  }

  transfer(id: number, [x, y, width, height]: readonly number[], offset: number): Outcome {
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

  setScanout(id: number, rect: readonly number[]): Outcome {
    if (id === 0) {
      this.scanout = 0;
      return {};
    }
    return this.within(id, rect, () => {
      this.scanout = id;
    });
  }

  flush(id: number, rect: readonly number[]): Outcome {
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
  ): Outcome {
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
