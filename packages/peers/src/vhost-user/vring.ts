/** What the front-end has said of one queue (vhost-user.rst, "Ring states"). */
import { queueBytes } from '@doorbell/abi';
import type { Libc, Watch } from '../native/libc.ts';
import type { GuestRange } from './memory-table.ts';
import { requireThat } from './rule.ts';

/** Where the parts lie, at guest addresses. */
export interface VringAddresses {
  readonly descriptors: number;
  readonly driver: number;
  readonly device: number;
}

export interface VringParts {
  readonly libc: Libc;
  /** The guest has made something available. */
  readonly onKick: () => void;
  readonly onError: (error: unknown) => void;
}

export class Vring {
  size = 0;
  /** The available index of the next chain, while the device does not serve the queue. */
  base = 0;
  addresses: VringAddresses | undefined;
  isEnabled = false;
  /** The device serves it. */
  isStarted = false;
  kicks = 0;
  calls = 0;
  private readonly parts: VringParts;
  private kick: number | undefined;
  private call: number | undefined;
  private err: number | undefined;
  private watch: Watch | undefined;

  constructor(parts: VringParts) {
    this.parts = parts;
  }

  /** All is known that the device needs. */
  get isReady(): boolean {
    return (
      this.isEnabled && this.size > 0 && this.addresses !== undefined && this.kick !== undefined
    );
  }

  /** Where it lies, while the device serves it. */
  get place(): (VringAddresses & { readonly size: number }) | undefined {
    const { addresses, size, isStarted } = this;
    return isStarted && addresses !== undefined ? { size, ...addresses } : undefined;
  }

  /** What the device loads and stores without asking, while it serves the queue. */
  get inUse(): readonly GuestRange[] {
    const { addresses, isStarted } = this;
    if (!isStarted || addresses === undefined) {
      return [];
    }
    const bytes = queueBytes(false, this.size);
    return (['descriptors', 'driver', 'device'] as const).map((part) => ({
      address: addresses[part],
      bytes: bytes[part],
    }));
  }

  /** A descriptor is ours from now on; the one before it is closed. */
  setKick(descriptor: number | undefined): void {
    this.watch?.close();
    this.watch = undefined;
    const before = this.kick;
    this.kick = descriptor;
    this.close(before);
    if (descriptor !== undefined) {
      this.watch = this.parts.libc.watch(descriptor, 'readable', () => this.kicked(descriptor));
    }
  }

  setCall(descriptor: number | undefined): void {
    const before = this.call;
    this.call = descriptor;
    this.close(before);
  }

  setErr(descriptor: number | undefined): void {
    const before = this.err;
    this.err = descriptor;
    this.close(before);
  }

  private close(descriptor: number | undefined): void {
    if (descriptor !== undefined) {
      this.parts.libc.close(descriptor);
    }
  }

  private kicked(descriptor: number): void {
    const { libc, onKick, onError } = this.parts;
    try {
      if (libc.drain(descriptor)) {
        this.kicks++;
        onKick();
      } else {
        // Ready, and nothing in it: it would be for ever.
        const isOver = libc.poll([descriptor], 0).length > 0;
        requireThat(!isOver, 'A kick descriptor is ready for ever.');
      }
    } catch (error) {
      onError(error);
    }
  }

  /** The device has used buffers: the guest wants to know. */
  notify(): void {
    if (this.call !== undefined) {
      this.calls++;
      this.signal(this.call);
    }
  }

  /** The device cannot go on. */
  reportError(): void {
    if (this.err !== undefined) {
      this.signal(this.err);
    }
  }

  private signal(descriptor: number): void {
    try {
      this.parts.libc.signal(descriptor);
    } catch (error) {
      this.parts.onError(error);
    }
  }
}
