/** A process for the tests of VFIO, which knows how often each of its pages is pinned. */
import type { VfioUser } from '../src/user-pages.ts';

/** A process whose memory of 16 MiB lies from 0x4000_0000 on, in 4 MiB pieces that are turned round. */
export class FakeProcess implements VfioUser {
  readonly name = 'qemu';
  readonly lockLimit: number;
  lockedPages = 0;
  /** How often each physical page is pinned. */
  readonly pins = new Map<number, number>();

  constructor(lockLimit = 100_000) {
    this.lockLimit = lockLimit;
  }
  pin(vaddr: number): number {
    if (vaddr >= 0x100_0000) {
      return -1;
    }
    const physical = 0x4000_0000 + (vaddr ^ 0xc0_0000);
    this.pins.set(physical, (this.pins.get(physical) ?? 0) + 1);
    return physical;
  }
  unpin(physical: number): void {
    const left = (this.pins.get(physical) ?? 0) - 1;
    if (left < 0) {
      throw new RangeError(`Page 0x${physical.toString(16)} is not pinned.`);
    }
    if (left === 0) {
      this.pins.delete(physical);
    } else {
      this.pins.set(physical, left);
    }
  }
}
