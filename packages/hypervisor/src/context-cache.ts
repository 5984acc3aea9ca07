/**
 * What the IOMMU remembers of context entries, so that a translation does not read root and
 * context again: direct-mapped by requester. Only present, valid entries are held.
 */
import type { Bdf, Stateful } from '@doorbell/abi';

const LINES = 256;

/** Which line may hold a requester: its bus and its function together. */
function lineOf(requester: Bdf): number {
  return (requester ^ (requester >>> 8)) & (LINES - 1);
}

export interface ContextCacheState {
  readonly requesters: Int32Array;
  readonly domains: Uint16Array;
  readonly levels: Uint8Array;
  readonly roots: Float64Array;
}

export class ContextCache implements Stateful<ContextCacheState> {
  private readonly requesters = new Int32Array(LINES).fill(-1);
  private readonly domains = new Uint16Array(LINES);
  /** Of the page table. */
  private readonly levels = new Uint8Array(LINES);
  private readonly roots = new Float64Array(LINES);

  /** The requester's line, or -1. */
  find(requester: Bdf): number {
    const line = lineOf(requester);
    return this.requesters[line] === requester ? line : -1;
  }

  insert(requester: Bdf, domain: number, levels: number, root: number): number {
    const line = lineOf(requester);
    this.requesters[line] = requester;
    this.domains[line] = domain;
    this.levels[line] = levels;
    this.roots[line] = root;
    return line;
  }

  domainOf(line: number): number {
    return this.domains[line];
  }

  levelsOf(line: number): number {
    return this.levels[line];
  }

  rootOf(line: number): number {
    return this.roots[line];
  }

  /** Device-selective invalidation. */
  drop(requester: Bdf): void {
    const line = this.find(requester);
    if (line >= 0) {
      this.requesters[line] = -1;
    }
  }

  save(): ContextCacheState {
    return {
      requesters: this.requesters.slice(),
      domains: this.domains.slice(),
      levels: this.levels.slice(),
      roots: this.roots.slice(),
    };
  }

  load(state: ContextCacheState): void {
    this.requesters.set(state.requesters);
    this.domains.set(state.domains);
    this.levels.set(state.levels);
    this.roots.set(state.roots);
  }
}
