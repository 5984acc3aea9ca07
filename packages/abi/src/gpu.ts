/**
 * `Gpu`: the narrow waist. An application sees nothing else, and every driver and every
 * renderer implements it. Handles are small positive integers of one `Gpu`.
 */
import type { CommandBuffer } from './command-encoder.ts';
import type { CommandName } from './commands.ts';

/** What an implementation offers. */
export interface GpuFeatures {
  /** The largest buffer, in bytes. */
  readonly maxBufferBytes: number;
  /** The largest image's width and height, in pixels. */
  readonly maxImageSize: number;
  readonly commands: ReadonlySet<CommandName>;
  /** Kernels in bell's instruction set. */
  readonly compute: boolean;
}

/** `device`: memory of the GPU. `host`: the machine's RAM, which the GPU reaches by DMA. */
export type Placement = 'device' | 'host';

export interface GpuBuffer {
  readonly handle: number;
  readonly bytes: number;
}

/** Rows of 4-byte pixels: R, G, B, A; or depth words. In device memory. */
export interface GpuImage {
  readonly handle: number;
  readonly width: number;
  readonly height: number;
  /** Bytes from row to row. */
  readonly stride: number;
}

/** A point in the order of submissions: counts from 1. */
export type Fence = number;

/**
 * All calls may be made without awaiting the one before; they take effect in order.
 * @throws GpuError from any call, with what went wrong.
 */
export interface Gpu {
  readonly features: GpuFeatures;
  /** Contents are zero. */
  createBuffer(bytes: number, placement: Placement): Promise<GpuBuffer>;
  createImage(width: number, height: number): Promise<GpuImage>;
  /** The handle is dead at once; the memory is freed when the work submitted so far no longer needs it. */
  destroy(resource: GpuBuffer | GpuImage): Promise<void>;
  /** After the work submitted so far. `bytes` may be reused once this resolves. */
  write(resource: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void>;
  /** After the work submitted so far. */
  read(resource: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void>;
  /** A buffer begins with nothing set (target, viewport, texture …), whatever the one before it set. */
  submit(commands: CommandBuffer): Promise<Fence>;
  /** Resolves when all work up to `fence` is done. */
  wait(fence: Fence): Promise<void>;
  /** Shows an image on the screen, after the work submitted so far. */
  present(image: GpuImage): Promise<void>;
  /** Waits for all work, then gives everything back. No call is allowed after it. */
  close(): Promise<void>;
}

/**
 * - `out-of-memory`: no room for a resource.
 * - `bad-handle`: no such resource, or it is destroyed.
 * - `bad-range`: beyond a resource's end, or a size that no resource can have.
 * - `bad-command`: a command stream that means nothing.
 * - `fault`: the GPU refused work that was submitted; the work is lost, the Gpu goes on.
 * - `hang`: the GPU did not finish; it was reset and the work is lost, the Gpu goes on.
 * - `lost`: the GPU is gone; nothing works any more.
 */
export type GpuErrorCode =
  'out-of-memory' | 'bad-handle' | 'bad-range' | 'bad-command' | 'fault' | 'hang' | 'lost';

export class GpuError extends Error {
  override readonly name = 'GpuError';
  readonly code: GpuErrorCode;

  constructor(code: GpuErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
