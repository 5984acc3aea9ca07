/**
 * A domain of an IOMMU without a machine: a device that has touched all that is mapped, so that all
 * of it is cached; IOVAs, the lowest free ones first; and a clock that only `pass` moves. It holds a
 * policy to the rules at each step.
 */
import type { InvalidationKind, InvalidationPlace, InvalidationPolicy } from '@doorbell/hypervisor';
import { Mismatch } from '../check/mismatch.ts';

/** A range of IOVAs that is taken. */
interface Taken {
  readonly pages: number;
  /** When it was unmapped. */
  unmappedAt: number | undefined;
  /** Of what was unmapped: pages that the device still reaches. */
  readonly reached: Set<number>;
}

export class MockDomain {
  /** Commands to the IOMMU. */
  commands = 0;
  /** When the timer is due. */
  due = Infinity;
  policy: InvalidationPolicy;
  readonly place: InvalidationPlace;
  private now = 0;
  private readonly kind: InvalidationKind;
  /** By first page. */
  private readonly taken = new Map<number, Taken>();
  /** Their pages. */
  private readonly busy = new Set<number>();

  constructor(kind: InvalidationKind) {
    this.kind = kind;
    this.place = {
      invalidate: (page, pages) => {
        this.commands++;
        this.forget(page, page + pages);
      },
      invalidateAll: () => {
        this.commands++;
        this.forget(0, Infinity);
      },
      release: (page) => {
        this.release(page);
      },
      arm: (ns) => {
        this.due = this.now + ns;
      },
      disarm: () => {
        this.due = Infinity;
      },
    };
    this.policy = kind.open(this.place);
  }

  /** First pages of what is mapped, in the order in which it was. */
  get mapped(): readonly number[] {
    return [...this.taken].flatMap(([page, { unmappedAt }]) =>
      unmappedAt === undefined ? [page] : [],
    );
  }

  /** Pages that are unmapped and that the device still reaches. */
  get reachedPages(): number {
    return [...this.taken.values()].reduce((sum, { reached }) => sum + reached.size, 0);
  }

  /** Ranges that are unmapped and may not be given out again yet. */
  get retired(): number {
    return this.taken.size - this.mapped.length;
  }

  /** Returns the first page. */
  map(pages: number): number {
    let page = 1;
    for (let free = 0; free < pages; free++) {
      if (this.busy.has(page + free)) {
        page += free + 1;
        free = -1;
      }
    }
    this.taken.set(page, { pages, unmappedAt: undefined, reached: new Set() });
    pagesOf(page, pages).forEach((each) => this.busy.add(each));
    return page;
  }

  unmap(page: number): void {
    const range = this.taken.get(page);
    if (range === undefined) {
      throw new RangeError(`Nothing is mapped at page ${page}.`);
    }
    range.unmappedAt = this.now;
    pagesOf(page, range.pages).forEach((each) => range.reached.add(each));
    this.policy.unmapped(page, range.pages);
    this.checkExposure();
  }

  /** Lets time pass, in nanoseconds. */
  pass(ns: number): void {
    const end = this.now + ns;
    while (this.due <= end) {
      this.now = this.due;
      this.due = Infinity;
      this.policy.onTimer();
      this.checkExposure();
    }
    this.now = end;
    this.checkExposure();
  }

  private forget(from: number, to: number): void {
    for (const [page, { pages, reached }] of this.taken) {
      for (let each = Math.max(page, from); each < Math.min(page + pages, to); each++) {
        reached.delete(each);
      }
    }
  }

  private release(page: number): void {
    const range = this.taken.get(page);
    if (range?.unmappedAt === undefined) {
      throw new Mismatch(
        'release of a range that was unmapped, by its first page, once',
        `release(${page}), where ${range === undefined ? 'no range begins' : 'a range is mapped'}`,
      );
    }
    const [reached] = range.reached;
    if (reached !== undefined) {
      throw new Mismatch(
        'a range to be invalidated, whole, before it is released',
        `release(${page}) of ${range.pages} pages, while the device still reaches page ${reached}`,
      );
    }
    this.taken.delete(page);
    pagesOf(page, range.pages).forEach((each) => this.busy.delete(each));
  }

  private checkExposure(): void {
    const { exposureNs } = this.kind;
    for (const [page, { pages, unmappedAt, reached }] of this.taken) {
      const age = unmappedAt === undefined ? -1 : this.now - unmappedAt;
      if (age >= exposureNs) {
        throw new Mismatch(
          `what is unmapped to be invalidated and released after ${exposureNs} ns`,
          `page ${page} of ${pages}, unmapped ${age} ns ago, is ${reached.size > 0 ? 'still reached' : 'not released'}`,
        );
      }
    }
  }
}

function pagesOf(page: number, pages: number): readonly number[] {
  return Array.from({ length: pages }, (_, index) => page + index);
}
