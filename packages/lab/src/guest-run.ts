/** The application of one guest in a run, from the driver's probe to its removal. */
import { GpuError } from '@doorbell/abi';
import type { Environment } from './environment.ts';
import { drawFrames, type GuestRequest, type RunRequest } from './frames.ts';
import { Meter } from './meter.ts';
import type { Monitor } from './monitor.ts';
import type { Stack, StackGuest } from './stacks/stack.ts';

export interface GuestRunParts {
  readonly stack: Stack;
  readonly index: number;
  readonly request: GuestRequest;
  readonly monitor: Monitor;
}

/** Hears how far the application is. */
export interface GuestHooks {
  /** The driver is. */
  readonly ready: () => void;
  /** It begins to draw, or has drawn all. */
  readonly drawing: () => void;
  /** It begins to close. */
  readonly closing: () => void;
}

export class GuestRun {
  readonly request: GuestRequest;
  readonly monitor: Monitor;
  readonly meter: Meter;
  readonly guest: StackGuest;
  /** Virtual time of each frame. */
  readonly frameNs: number[] = [];
  /** When it began to draw, and when it had drawn all, or gave up; Infinity: it has not come to it. */
  drewFrom = Infinity;
  drewTo = Infinity;
  /** When all was given back. */
  endNs = 0;
  /** What the GPU's driver said, when it gave up. */
  error: GpuError | undefined;
  private readonly stack: Stack;
  private readonly index: number;

  constructor({ stack, index, request, monitor }: GuestRunParts) {
    this.stack = stack;
    this.index = index;
    this.request = request;
    this.monitor = monitor;
    this.guest = stack.guests[index];
    this.meter = new Meter(this.guest, index);
  }

  /** It sees the Gpu, and nothing of what is behind it. @throws what is not the GPU's doing. */
  async application(run: RunRequest, environment: Environment, hooks: GuestHooks): Promise<void> {
    try {
      await this.draw(run, environment, hooks);
    } catch (error) {
      if (!(error instanceof GpuError)) {
        throw error;
      }
      this.error = error;
      this.drewTo = Math.min(this.drewTo, this.stack.host.machine.now);
    }
    this.meter.enter('close');
    this.endNs = this.stack.host.machine.now;
  }

  /** It died in the middle of whatever it did. */
  died(): void {
    const { now } = this.stack.host.machine;
    this.error = new GpuError('lost', `${this.request.name} died.`);
    this.drewTo = Math.min(this.drewTo, now);
    this.meter.enter('close');
    this.endNs = now;
  }

  private async draw(run: RunRequest, environment: Environment, hooks: GuestHooks): Promise<void> {
    const { guest, meter, request } = this;
    const { machine } = this.stack.host;
    const driver = await guest.probe();
    try {
      const gpu = meter.wrap(await driver.open());
      hooks.ready();
      const watch = {
        begin: () => {
          if (this.drewFrom === Infinity) {
            this.drewFrom = machine.now;
            hooks.drawing();
          }
          return machine.now;
        },
        end: (began: number) => {
          this.frameNs.push(machine.now - began);
        },
      };
      try {
        const closeScene = await drawFrames(gpu, request, run, environment, watch, this.index);
        this.drewTo = machine.now;
        hooks.drawing();
        await closeScene();
      } finally {
        hooks.closing();
        await gpu.close();
      }
    } finally {
      await driver.remove();
    }
  }
}
