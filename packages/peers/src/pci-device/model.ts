/** Which of our device models is served, and what a server needs of it beyond its bus's side. */
import { bochsBars, type DeviceHost, type PciEndpoint, type Stateful } from '@doorbell/abi';
import { BochsDisplay, Edu } from '@doorbell/device-model';
import type { Picture } from '@doorbell/guest-driver';

/** Plain data, so that it also says to another thread what to make. */
export type ModelChoice =
  | { readonly kind: 'edu' }
  | {
      readonly kind: 'bochs-display';
      /** What its display prefers, in pixels. */
      readonly width: number;
      readonly height: number;
    };

export interface Model {
  readonly endpoint: PciEndpoint;
  onTimer(id: number): void;
  /** Gives everything the value that it had at first, but for timers: those are the host's. */
  reset(): void;
  /** What its screen shows, if it has one and it is on. */
  picture(): Picture | undefined;
}

/** A BAR that is nothing but memory. */
export interface MemoryBar {
  readonly bar: number;
  readonly size: number;
}

/** The BAR of a model that may be mapped into a guest, if it has one. */
export function memoryBarOf({ kind }: ModelChoice): MemoryBar | undefined {
  const { index, size } = bochsBars.FRAMEBUFFER;
  return kind === 'bochs-display' ? { bar: index, size } : undefined;
}

/** @param memory  holds the memory of that BAR, in place of a buffer of the model's own. */
export function makeModel(choice: ModelChoice, host: DeviceHost, memory?: ArrayBufferLike): Model {
  if (choice.kind === 'edu') {
    const edu = new Edu(host);
    return modelOf(edu, () => undefined);
  }
  const display = new BochsDisplay(host, choice.width, choice.height, memory);
  return modelOf(display, () => display.scanout());
}

type Device<S> = PciEndpoint & Stateful<S> & { onTimer(id: number): void };

function modelOf<S>(device: Device<S>, picture: () => Picture | undefined): Model {
  const initial = device.save();
  return {
    endpoint: device,
    onTimer: (id) => {
      device.onTimer(id);
    },
    reset: () => {
      device.load(initial);
    },
    picture,
  };
}
