/**
 * Which memory the driver has mapped, and how: what the device asks for is checked against it. The
 * driver's IOMMU has the last word.
 */
import { lastAtOrBefore } from './bisection.ts';

interface Mapping {
  readonly iova: number;
  readonly end: number;
  /** Bits of MAP's `access`, of all that are mapped so. */
  access: number;
  /** How many there are of the same range. */
  count: number;
}

/** Mappings that touch or overlap are one. */
interface Union {
  readonly count: number;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

export class Reach {
  /** By IOVA, then by end. */
  private readonly mappings: Mapping[] = [];
  /** By access; made when they are asked for. */
  private readonly unions = new Map<number, Union>();

  add(iova: number, bytes: number, access: number): void {
    const end = iova + bytes;
    const at = this.lastUpTo(iova, end);
    const same = this.mappings[at];
    if (same?.iova === iova && same.end === end) {
      same.access |= access;
      same.count++;
    } else {
      this.mappings.splice(at + 1, 0, { iova, end, access, count: 1 });
    }
    this.unions.clear();
  }

  /** Of what was added. */
  remove(iova: number, bytes: number): void {
    const at = this.lastUpTo(iova, iova + bytes);
    const mapping = this.mappings[at];
    if (mapping?.iova === iova && mapping.end === iova + bytes && --mapping.count === 0) {
      this.mappings.splice(at, 1);
      this.unions.clear();
    }
  }

  clear(): void {
    this.mappings.length = 0;
    this.unions.clear();
  }

  /** Whether all of a range is mapped for `access`, a bit of MAP's. */
  covers(iova: number, bytes: number, access: number): boolean {
    const { count, starts, ends } = this.union(access);
    const at = lastAtOrBefore(iova, count, (index) => starts[index]);
    return at >= 0 && iova + bytes <= ends[at];
  }

  /** The last that is not behind a range. */
  private lastUpTo(iova: number, end: number): number {
    const { mappings } = this;
    // -1, 0 or 1, as the mapping is before the range, is it, or is behind it.
    const order = (mapping: Mapping): number =>
      Math.sign(mapping.iova - iova) || Math.sign(mapping.end - end);
    return lastAtOrBefore(0, mappings.length, (index) => order(mappings[index]));
  }

  private union(access: number): Union {
    const made = this.unions.get(access) ?? unite(this.mappings, access);
    this.unions.set(access, made);
    return made;
  }
}

function unite(mappings: readonly Mapping[], access: number): Union {
  const starts = new Float64Array(mappings.length);
  const ends = new Float64Array(mappings.length);
  let count = 0;
  for (const mapping of mappings) {
    if ((mapping.access & access) === 0) {
      continue;
    }
    if (count > 0 && mapping.iova <= ends[count - 1]) {
      ends[count - 1] = Math.max(ends[count - 1], mapping.end);
    } else {
      starts[count] = mapping.iova;
      ends[count++] = mapping.end;
    }
  }
  return { count, starts, ends };
}
