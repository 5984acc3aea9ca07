/** Where firmware puts BARs: each at the next free multiple of its size. */
import { BRIDGE_WINDOW_BYTES, type BarShape } from '@doorbell/abi';
import type { Window } from './bridge-window.ts';

/** Above the RAM of any machine here, and below the I/O APIC, whose place is fixed. */
const LOW: Window = { base: 0xe0000000, end: 0xfec00000 };
/** Above 64 GiB: BARs that a bridge's prefetchable window may hold. */
const HIGH: Window = { base: 0x10_0000_0000, end: 2 ** 40 };

export class BarPlacement {
  private low = LOW.base;
  private high = HIGH.base;

  /** The address of a BAR, or of `count` in a row. @throws RangeError when there is no more room. */
  place(shape: BarShape, count = 1): number {
    const isHigh = shape.is64 && shape.prefetchable;
    const address = roundUp(isHigh ? this.high : this.low, shape.size);
    const end = address + shape.size * count;
    if (end > (isHigh ? HIGH : LOW).end) {
      throw new RangeError(`There is no room for a BAR of ${shape.size} bytes.`);
    }
    if (isHigh) {
      this.high = end;
    } else {
      this.low = end;
    }
    return address;
  }

  /** Places what is behind a bridge, and says which windows hold it. */
  behindBridge(run: () => void): { readonly memory: Window; readonly prefetch: Window } {
    const low = this.align();
    run();
    const end = this.align();
    return {
      memory: { base: low.low, end: end.low },
      prefetch: { base: low.high, end: end.high },
    };
  }

  private align(): { readonly low: number; readonly high: number } {
    this.low = roundUp(this.low, BRIDGE_WINDOW_BYTES);
    this.high = roundUp(this.high, BRIDGE_WINDOW_BYTES);
    return { low: this.low, high: this.high };
  }
}

function roundUp(address: number, unit: number): number {
  return Math.ceil(address / unit) * unit;
}
