/** What the driver has mapped for its device, coherent or not. */
import {
  ADDRESS_LIMIT,
  errorCodes,
  MAX_MAPPINGS,
  type RequestFields,
  Violation,
} from '@doorbell/wire';
import type { Mirror } from './mirror.ts';
import type { Reach } from './reach.ts';

export class Mappings {
  private readonly mirror: Mirror;
  private readonly reach: Reach;
  /** Not coherent: how many there are of each, by IOVA and size. */
  private readonly streaming = new Map<string, number>();
  private count = 0;

  /** @param reach  what is mapped; this alone changes it. */
  constructor(mirror: Mirror, reach: Reach) {
    this.mirror = mirror;
    this.reach = reach;
  }

  /** @throws Violation */
  map({ iova, bytes, access, coherent }: RequestFields<'MAP'>): void {
    if (bytes === 0 || iova + bytes > ADDRESS_LIMIT) {
      throw new Violation(errorCodes.UNEXPECTED, `There are no ${bytes} bytes at ${iova}.`);
    }
    if (coherent === 1) {
      this.mirror.map(iova, bytes);
    } else {
      this.addStreaming(iova, bytes);
    }
    this.reach.add(iova, bytes, access);
  }

  private addStreaming(iova: number, bytes: number): void {
    if (this.count === MAX_MAPPINGS) {
      throw new Violation(errorCodes.LIMIT, `There are more than ${MAX_MAPPINGS} mappings.`);
    }
    const key = `${iova}+${bytes}`;
    this.streaming.set(key, (this.streaming.get(key) ?? 0) + 1);
    this.count++;
  }

  /** @throws Violation */
  unmap({ iova, bytes }: RequestFields<'UNMAP'>): void {
    const key = `${iova}+${bytes}`;
    const mapped = this.streaming.get(key) ?? 0;
    if (mapped === 0) {
      this.unmapCoherent(iova, bytes);
    } else {
      this.removeStreaming(key, mapped);
    }
    this.reach.remove(iova, bytes);
  }

  private removeStreaming(key: string, mapped: number): void {
    this.count--;
    if (mapped === 1) {
      this.streaming.delete(key);
    } else {
      this.streaming.set(key, mapped - 1);
    }
  }

  private unmapCoherent(iova: number, bytes: number): void {
    if (!this.mirror.unmap(iova, bytes)) {
      throw new Violation(errorCodes.UNEXPECTED, `Nothing is mapped at ${iova}, ${bytes} bytes.`);
    }
  }

  clear(): void {
    this.mirror.clear();
    this.streaming.clear();
    this.reach.clear();
    this.count = 0;
  }

  /** Mappings that are not coherent. */
  get size(): number {
    return this.count;
  }
}
