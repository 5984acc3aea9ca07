/** Tenants by a key, the least first: an indexed binary heap over typed arrays. Keys may repeat; then the lower number is first. */
import type { Stateful } from '@doorbell/abi';

export interface TenantHeapState {
  readonly keys: Float64Array;
  readonly heap: Uint32Array;
  readonly count: number;
}

export class TenantHeap implements Stateful<TenantHeapState> {
  private readonly keys: Float64Array;
  private readonly heap: Uint32Array;
  /** Place of a tenant in the heap plus 1; 0 when it is not in it. */
  private readonly place: Uint32Array;
  private count = 0;

  constructor(size: number) {
    this.keys = new Float64Array(size);
    this.heap = new Uint32Array(size);
    this.place = new Uint32Array(size);
  }

  /** -1 for none. */
  get first(): number {
    return this.count === 0 ? -1 : this.heap[0];
  }

  /** Infinity for none. */
  get firstKey(): number {
    return this.count === 0 ? Infinity : this.keys[this.heap[0]];
  }

  /** All, the least first. */
  list(): number[] {
    const { keys } = this;
    return [...this.heap.subarray(0, this.count)].sort((a, b) => keys[a] - keys[b] || a - b);
  }

  has(tenant: number): boolean {
    return this.place[tenant] !== 0;
  }

  /** Puts it in, or gives it another key. */
  set(tenant: number, key: number): void {
    this.remove(tenant);
    this.keys[tenant] = key;
    this.put(this.count++, tenant);
    this.rise(this.count - 1);
  }

  remove(tenant: number): void {
    const at = this.place[tenant] - 1;
    if (at < 0) {
      return;
    }
    this.place[tenant] = 0;
    const last = this.heap[--this.count];
    if (last !== tenant) {
      this.put(at, last);
      this.rise(at);
      this.sink(this.place[last] - 1);
    }
  }

  save(): TenantHeapState {
    return { keys: this.keys.slice(), heap: this.heap.slice(), count: this.count };
  }

  load({ keys, heap, count }: TenantHeapState): void {
    this.keys.set(keys);
    this.heap.set(heap);
    this.count = count;
    this.place.fill(0);
    for (let at = 0; at < count; at++) {
      this.place[heap[at]] = at + 1;
    }
  }

  private before(a: number, b: number): boolean {
    return this.keys[a] < this.keys[b] || (this.keys[a] === this.keys[b] && a < b);
  }

  private put(at: number, tenant: number): void {
    this.heap[at] = tenant;
    this.place[tenant] = at + 1;
  }

  private rise(from: number): void {
    let at = from;
    const tenant = this.heap[at];
    while (at > 0 && this.before(tenant, this.heap[(at - 1) >> 1])) {
      this.put(at, this.heap[(at - 1) >> 1]);
      at = (at - 1) >> 1;
    }
    this.put(at, tenant);
  }

  private sink(from: number): void {
    let at = from;
    const tenant = this.heap[at];
    for (let below = 2 * at + 1; below < this.count; below = 2 * at + 1) {
      if (below + 1 < this.count && this.before(this.heap[below + 1], this.heap[below])) {
        below++;
      }
      if (!this.before(this.heap[below], tenant)) {
        break;
      }
      this.put(at, this.heap[below]);
      at = below;
    }
    this.put(at, tenant);
  }
}
