/** The memory that a half of a virtqueue is given: it notes each access, in order. */
import { LinearMemory } from '@doorbell/abi';

/** `acquire` is a load that later accesses stay behind, `release` a store that earlier ones stay before. */
type Kind = 'load' | 'acquire' | 'store' | 'release' | 'fence';

export interface Access {
  readonly kind: Kind;
  readonly at: number;
  readonly bytes: number;
  readonly value: number;
}

/** Accesses that ask for an order count with those that ask for none. */
const alike: Readonly<Record<'load' | 'store', readonly Kind[]>> = {
  load: ['load', 'acquire'],
  store: ['store', 'release'],
};

export class WatchedMemory extends LinearMemory {
  readonly log: Access[] = [];
  /** Whether it claims to be without end: buffers may lie where no byte is. */
  isVast = false;

  override load16(address: number): number {
    return this.noted('load', address, 2, super.load16(address));
  }
  override load32(address: number): number {
    return this.noted('load', address, 4, super.load32(address));
  }
  override acquire16(address: number): number {
    return this.noted('acquire', address, 2, super.acquire16(address));
  }
  override store16(address: number, value: number): void {
    super.store16(address, this.noted('store', address, 2, value));
  }
  override store32(address: number, value: number): void {
    super.store32(address, this.noted('store', address, 4, value));
  }
  override release16(address: number, value: number): void {
    super.release16(address, this.noted('release', address, 2, value));
  }
  override fence(): void {
    this.noted('fence', 0, 0, 0);
  }
  override reaches(address: number, bytes: number): boolean {
    return this.isVast || super.reaches(address, bytes);
  }

  private noted(kind: Kind, at: number, bytes: number, value: number): number {
    this.log.push({ kind, at, bytes, value });
    return value;
  }

  /** What was done before does not count. */
  forget(): void {
    this.log.length = 0;
  }

  /** Those that touch the byte there, oldest first; a field may be accessed as a part of a word. */
  accesses(what: 'load' | 'store', address: number): readonly Access[] {
    return this.log.filter((each) => touches(each, what, address));
  }

  /** Where in the log the last access of that kind to the byte there is; -1: nowhere. */
  lastOf(what: 'load' | 'store', address: number): number {
    return this.log.findLastIndex((each) => touches(each, what, address));
  }

  /** Whether one access of the log came before another one, and nobody may see them the other way round. */
  isOrdered(first: number, second: number): boolean {
    if (first < 0 || first >= second) {
      return false;
    }
    const [a, b] = [this.log[first].kind, this.log[second].kind];
    const isFenced = this.log.slice(first, second).some(({ kind }) => kind === 'fence');
    // A load overtakes a store, whatever order each of them asks for.
    const isOvertaken = alike.store.includes(a) && alike.load.includes(b);
    return isFenced || (!isOvertaken && (a === 'acquire' || b === 'release'));
  }
}

function touches({ kind, at, bytes }: Access, what: 'load' | 'store', address: number): boolean {
  return alike[what].includes(kind) && at <= address && address < at + bytes;
}
