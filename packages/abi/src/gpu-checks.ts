/** What every implementation of the `Gpu` API refuses alike, before anything has an effect. */
import { resolveReferences, BadCommand } from './command-stream.ts';
import type { CommandBuffer } from './command-encoder.ts';
import { GpuError, type Fence, type GpuFeatures } from './gpu.ts';

/** @throws GpuError `bad-range` */
export function checkBufferSize({ maxBufferBytes }: GpuFeatures, bytes: number): void {
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > maxBufferBytes) {
    throw new GpuError('bad-range', `A buffer has 1 to ${maxBufferBytes} bytes, not ${bytes}.`);
  }
}

/** @throws GpuError `bad-range` */
export function checkImageSize({ maxImageSize }: GpuFeatures, width: number, height: number): void {
  const fits = (side: number): boolean =>
    Number.isInteger(side) && side >= 1 && side <= maxImageSize;
  if (!fits(width) || !fits(height)) {
    throw new GpuError(
      'bad-range',
      `An image is 1 to ${maxImageSize} pixels wide and high, not ${width} by ${height}.`,
    );
  }
}

/** @throws GpuError `bad-range` */
export function checkFence(fence: Fence, last: Fence): void {
  if (!Number.isInteger(fence) || fence < 1 || fence > last) {
    throw new GpuError('bad-range', `No submission has fence ${fence}; the last one is ${last}.`);
  }
}

/** Errors that are kept for whoever waits late. */
const MOST_LOST = 1024;

/**
 * Why submissions were lost. Of more than 1024 the errors of the oldest are forgotten: a wait for
 * one of those tells that it is over, and no more that it was lost.
 */
export class LostWork {
  private readonly errors = new Map<Fence, GpuError>();

  record(fence: Fence, error: GpuError): void {
    this.errors.set(fence, error);
    if (this.errors.size > MOST_LOST) {
      const [oldest] = this.errors.keys();
      this.errors.delete(oldest);
    }
  }

  /** Undefined: it was not lost, or so long ago that its error is forgotten. */
  errorOf(fence: Fence): GpuError | undefined {
    return this.errors.get(fence);
  }
}

/** @throws GpuError `bad-handle`: always. */
export function notAnImage(handle: number): never {
  throw new GpuError('bad-handle', `Resource ${handle} is a buffer: only an image can be shown.`);
}

interface Sized {
  readonly handle: number;
  readonly bytes: number;
}

/** 1, 2, 3, … */
function counter(): () => number {
  let last = 0;
  return () => ++last;
}

/** Resources by handle. Handles are not used again, so that a stale one is found out. */
export class HandleTable<R extends Sized> {
  private readonly byHandle = new Map<number, R>();
  private readonly nextHandle: () => number;

  /** @param nextHandle  gives handles that were never used, where they are not this table's alone. */
  constructor(nextHandle = counter()) {
    this.nextHandle = nextHandle;
  }

  add(make: (handle: number) => R): R {
    const resource = make(this.nextHandle());
    this.byHandle.set(resource.handle, resource);
    return resource;
  }

  /** @throws GpuError `bad-handle` */
  find(handle: number): R {
    const resource = this.byHandle.get(handle);
    if (resource === undefined) {
      throw new GpuError('bad-handle', `No resource has handle ${handle}, or it was destroyed.`);
    }
    return resource;
  }

  /** The resource, when `bytes` bytes at `offset` are within it. @throws GpuError `bad-handle`, `bad-range` */
  within(handle: number, offset: number, bytes: number): R {
    const resource = this.find(handle);
    if (!Number.isInteger(offset) || offset < 0 || offset + bytes > resource.bytes) {
      const range = `${bytes} bytes at ${offset}`;
      throw new GpuError(
        'bad-range',
        `${range} reach beyond the ${resource.bytes} of resource ${handle}.`,
      );
    }
    return resource;
  }

  /** The handle means nothing from now on. */
  remove({ handle }: R): void {
    this.byHandle.delete(handle);
  }

  all(): Iterable<R> {
    return this.byHandle.values();
  }
}

/**
 * bell's packets for a command stream over a table's resources, each at the address that
 * `addressOf` gives, and what they touch. @throws GpuError
 */
export function resolveResources<R extends Sized>(
  commands: CommandBuffer,
  resources: HandleTable<R>,
  addressOf: (resource: R) => number,
  touch: (resource: R, writes: boolean) => void = () => {},
): Uint32Array {
  try {
    return resolveReferences(commands, (handle, offset, bytes, writes) => {
      const resource = resources.within(handle, offset, bytes);
      touch(resource, writes);
      return addressOf(resource) + offset;
    });
  } catch (error) {
    throw error instanceof BadCommand ? new GpuError('bad-command', error.message) : error;
  }
}
