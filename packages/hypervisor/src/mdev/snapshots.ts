/**
 * What of one channel's commands was audited: copies, which the shadow lays over the pages that the
 * guest put them in, read-only. So what runs is what was read, whatever the guest stores meanwhile.
 * A page is copied when the first command of it is read; later, the words that no command in flight
 * holds. When the work has passed, the page is the guest's again as soon as it wants it for anything
 * else: until then it stays, for another entry would cost all of the channel's cached translations.
 */
import { PAGE_BYTES, pte } from '@doorbell/abi';
import type { GuestVram } from './guest-vram.ts';
import { BAD_LOW, systemEntry } from './shadow-entry.ts';
import type { ShadowTable, Source } from './shadow-table.ts';
import type { SnapshotPage, SnapshotPool } from './snapshot-pool.ts';

const WORDS = PAGE_BYTES / 4;
/** Pieces of commands in flight, of one channel. */
const MOST_USES = 1 << 16;

/** Pages that stay laid over although nothing in them is in flight, of one channel. */
const MOST_IDLE = 32;

/** A GPU virtual page that holds commands. */
interface Held {
  /** Undefined: nothing is there to read, and stays so while this lasts. */
  readonly copy: SnapshotPage | undefined;
  /** What the guest's tables had there when it was copied. */
  readonly entry: readonly [number, number];
  /** By word: how many pieces in flight hold it. */
  readonly inFlight: Uint32Array;
  uses: number;
}

/** Words of a page that are in flight until the channel has come to `end`. */
interface Use {
  readonly page: number;
  readonly from: number;
  readonly to: number;
  /** Bytes that the ring has held until then, since the channel was turned on. */
  readonly end: number;
}

function add(held: Held, { from, to }: Use, count: 1 | -1): void {
  held.uses += count;
  for (let word = from; word < to; word++) {
    held.inFlight[word] += count;
  }
}

export interface SnapshotsState {
  readonly held: readonly (readonly [number, Held])[];
  readonly uses: readonly Use[];
}

export class Snapshots {
  private readonly pool: SnapshotPool;
  private readonly vram: GuestVram;
  private readonly held = new Map<number, Held>();
  private uses: Use[] = [];
  private readonly wanted = new Set<number>();
  private readonly buffer = new Uint8Array(PAGE_BYTES);

  constructor(pool: SnapshotPool, vram: GuestVram) {
    this.pool = pool;
    this.vram = vram;
  }

  /**
   * Holds the words from `va` up to `end`, both within one page, until the channel has come to
   * `until`. False: they cannot be held, so they must not run.
   */
  hold(shadow: ShadowTable, va: number, end: number, until: number): boolean {
    const page = Math.floor(va / PAGE_BYTES);
    const from = (va % PAGE_BYTES) / 4;
    const to = from + (end - va) / 4;
    const source = shadow.source(page);
    const isReadable = source !== undefined;
    const last = this.held.get(page);
    const [low, high] = shadow.derived(page);
    const isOther = last?.entry[0] !== low || last.entry[1] !== high;
    if (last?.uses === 0 && (isOther || (last.copy !== undefined) !== isReadable)) {
      // What the guest's tables lead to has come or gone.
      this.giveBackAll(shadow, [[page, last]]);
    }
    const known = this.held.get(page);
    if (known !== undefined) {
      this.refresh(known, source, from, to);
    }
    const held = known ?? this.newPage(shadow, page);
    if (held === undefined || this.uses.length >= MOST_USES) {
      return false;
    }
    this.use(held, { page, from, to, end: until });
    return true;
  }

  /** Words that are refused whatever they are: the hardware faults BAD_ENTRY when it comes to them. */
  block(shadow: ShadowTable, va: number, end: number, until: number): void {
    const page = Math.floor(va / PAGE_BYTES);
    const from = (va % PAGE_BYTES) / 4;
    let held = this.held.get(page);
    if (held === undefined) {
      held = this.newHeld(shadow, page, undefined);
      this.held.set(page, held);
    }
    shadow.lay(page, [BAD_LOW, 0]);
    this.use(held, { page, from, to: from + (end - va) / 4, end: until });
  }

  private newHeld(shadow: ShadowTable, page: number, copy: SnapshotPage | undefined): Held {
    const entry = shadow.derived(page);
    return { copy, entry, inFlight: new Uint32Array(WORDS), uses: 0 };
  }

  private use(held: Held, use: Use): void {
    add(held, use, 1);
    this.uses.push(use);
  }

  private newPage(shadow: ShadowTable, page: number): Held | undefined {
    const source = shadow.source(page);
    const copy = source === undefined ? undefined : this.pool.take();
    if (source !== undefined && copy === undefined) {
      return undefined;
    }
    const held = this.newHeld(shadow, page, copy);
    if (copy === undefined || source === undefined) {
      // The fault that the guest has asked for, even if it maps something there meanwhile.
      shadow.lay(page, shadow.derived(page));
    } else {
      this.pool.copyTo(copy.physical, this.bytesOf(source));
      shadow.lay(page, systemEntry(pte.VALID.mask, copy.iova));
    }
    this.held.set(page, held);
    return held;
  }

  /** Copies words from `from` to `to` anew, but for those in flight. */
  private refresh(
    { copy, inFlight }: Held,
    source: Source | undefined,
    from: number,
    to: number,
  ): void {
    if (copy === undefined || source === undefined) {
      return;
    }
    const bytes = this.bytesOf(source);
    for (let word = from; word < to;) {
      let end = word;
      while (end < to && inFlight[end] === 0) {
        end++;
      }
      if (end > word) {
        this.pool.copyTo(copy.physical + word * 4, bytes.subarray(word * 4, end * 4));
      }
      word = end + 1;
    }
  }

  private bytesOf(source: Source): Uint8Array {
    if (source.memory === 'system') {
      return this.pool.view(source.physical, PAGE_BYTES);
    }
    this.vram.readPage(source.page, this.buffer);
    return this.buffer;
  }

  /** A word that is held; undefined: nothing is there, so the hardware faults. */
  word(va: number): number | undefined {
    const copy = this.held.get(Math.floor(va / PAGE_BYTES))?.copy;
    return copy === undefined ? undefined : this.pool.word(copy.physical + (va % PAGE_BYTES));
  }

  /** Changes a word that is held. */
  setWord(va: number, value: number): void {
    const copy = this.held.get(Math.floor(va / PAGE_BYTES))?.copy;
    if (copy !== undefined) {
      this.pool.setWord(copy.physical + (va % PAGE_BYTES), value);
    }
  }

  /** The channel has come to `position`. Pages stay laid over until `giveBack`. */
  passed(position: number): void {
    this.uses = this.uses.filter((use) => {
      const isOver = use.end <= position;
      if (isOver) {
        add(this.held.get(use.page)!, use, -1);
      }
      return !isOver;
    });
  }

  /** The page is wanted for something else than commands. */
  want(page: number): void {
    if (this.held.has(page)) {
      this.wanted.add(page);
    }
  }

  /** Gives back pages that nothing in flight holds, but for a few that nothing else wants. */
  tidy(shadow: ShadowTable): void {
    const idle = [...this.held].filter(([, { uses }]) => uses === 0);
    const surplus = idle.length - MOST_IDLE;
    const unwanted = idle.filter(([page, { copy, entry }], index) => {
      const [low, high] = shadow.derived(page);
      const isOther = low !== entry[0] || high !== entry[1];
      return copy === undefined || isOther || index < surplus || this.wanted.has(page);
    });
    this.wanted.clear();
    this.giveBackAll(shadow, unwanted);
  }

  /** Gives back all pages that nothing in flight holds. */
  giveBack(shadow: ShadowTable): void {
    this.giveBackAll(
      shadow,
      [...this.held].filter(([, { uses }]) => uses === 0),
    );
  }

  private giveBackAll(shadow: ShadowTable, idle: readonly (readonly [number, Held])[]): void {
    for (const [page] of idle) {
      this.held.delete(page);
      shadow.lay(page, undefined);
    }
    shadow.settle();
    for (const [, { copy }] of idle) {
      if (copy !== undefined) {
        this.pool.give(copy);
      }
    }
  }

  save(): SnapshotsState {
    return {
      held: [...this.held].map(([page, { copy, entry, inFlight, uses }]) => [
        page,
        { copy, entry, inFlight: inFlight.slice(), uses },
      ]),
      uses: [...this.uses],
    };
  }

  load(state: SnapshotsState): void {
    this.held.clear();
    for (const [page, { copy, entry, inFlight, uses }] of state.held) {
      this.held.set(page, { copy, entry, inFlight: inFlight.slice(), uses });
    }
    this.uses = [...state.uses];
  }
}
