/**
 * Tenants in a circle, in order of number. A Fenwick tree counts those that are in it, so that
 * the one so many places on is found in O(log n), however many turns that is.
 */
import type { Stateful } from '@doorbell/abi';

export class TenantRing implements Stateful<Int32Array> {
  /** From 1 on: place `i` counts the last `i & -i` tenants before number `i`. */
  private readonly tree: Int32Array;
  private readonly highest: number;
  count = 0;

  constructor(size: number) {
    this.tree = new Int32Array(size + 1);
    this.highest = 1 << (31 - Math.clz32(size));
  }

  add(tenant: number): void {
    this.change(tenant, 1);
  }

  remove(tenant: number): void {
    this.change(tenant, -1);
  }

  /**
   * Who is `steps` places behind a tenant, which need not be in the ring itself; -1 is before all.
   * @param steps  1 or more. The ring is not empty.
   */
  after(tenant: number, steps: number): number {
    return this.at((this.upTo(tenant) + steps - 1) % this.count);
  }

  save(): Int32Array {
    return this.tree.slice();
  }

  load(tree: Int32Array): void {
    this.tree.set(tree);
    this.count = this.upTo(tree.length - 2);
  }

  private change(tenant: number, by: number): void {
    this.count += by;
    for (let place = tenant + 1; place < this.tree.length; place += place & -place) {
      this.tree[place] += by;
    }
  }

  /** How many there are with this number or less. */
  private upTo(tenant: number): number {
    let sum = 0;
    for (let place = tenant + 1; place > 0; place -= place & -place) {
      sum += this.tree[place];
    }
    return sum;
  }

  /** The one that `index` others come before. */
  private at(index: number): number {
    let before = index;
    let place = 0;
    for (let step = this.highest; step > 0; step >>= 1) {
      if (place + step < this.tree.length && this.tree[place + step] <= before) {
        place += step;
        before -= this.tree[place];
      }
    }
    return place;
  }
}
