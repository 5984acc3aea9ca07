/** The screen: which resource is on it. One for the device, whoever presents. */
import type { Step } from './operation.ts';
import { type Rect, type Request, resourceFlush, setScanout } from './requests.ts';

/** What can be shown, by the id that it has as a resource. */
interface Shown {
  readonly handle: number;
}

/** The scanout that is used. */
export const SCANOUT = 0;

export class Scanout {
  private readonly onFlushed: () => void;
  private shown: Shown | undefined;

  /** @param onFlushed  runs when a flush is done, for good. */
  constructor(onFlushed: () => void) {
    this.onFlushed = onFlushed;
  }

  /** Shows an image as it is. The scanout is set only when it changed, by `set`. */
  show(
    resource: Shown,
    r: Rect,
    set: (scanout: number, resource: number, r: Rect) => Request = setScanout,
  ): Step[] {
    return [
      {
        make: () => {
          if (this.shown === resource) {
            return 'nothing';
          }
          this.shown = resource;
          return set(SCANOUT, resource.handle, r);
        },
      },
      {
        make: () => resourceFlush(resource.handle, r),
        done: (response) => {
          if (response !== undefined) {
            this.onFlushed();
          }
        },
      },
    ];
  }

  /** Turns the screen off if it shows this resource, which is about to go. */
  hide(resource: Shown): Step {
    return {
      make: () => {
        if (this.shown !== resource) {
          return 'nothing';
        }
        this.shown = undefined;
        return setScanout(SCANOUT, 0, { x: 0, y: 0, width: 0, height: 0 });
      },
    };
  }

  /** The device was reset. */
  reset(): void {
    this.shown = undefined;
  }
}
