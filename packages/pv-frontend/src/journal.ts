/**
 * What must be done again on another device, when this one is lost: everything since the last
 * checkpoint, in order, upon what there was then. Work that was fenced is done again too: its
 * output was the lost device's, unless a checkpoint has read it back.
 *
 * A checkpoint reads back what streams have written since the one before; what only the driver
 * wrote it knows already. It is an operation like any other, so the work goes on meanwhile.
 */
import { Operation, type Step, type Work } from './operation.ts';
import type { Resource } from './resource.ts';

/** How much may be done since the last checkpoint. */
const MOST_STREAMS = 32;
const MOST_BYTES = 16 << 20;
const MOST_OPERATIONS = 1024;

/** Steps of bytes to and from a resource, whoever it belongs to. */
export interface Bytes {
  read(resource: Resource, offset: number, into: Uint8Array): readonly Step[];
  write(resource: Resource, offset: number, bytes: Uint8Array): readonly Step[];
}

export class Journal {
  private readonly bytes: Bytes;
  /** What there was at the last checkpoint: what brought each thing. */
  private readonly base = new Map<object, Work>();
  /** Since then, oldest first. */
  private entries: Operation[] = [];
  /** Since the last checkpoint, done or begun. */
  private streams = 0;
  private written = 0;
  private drawn = new Set<Resource>();
  /** A checkpoint that is under way, and what it has read. */
  private checkpoint: { readonly work: Work; readonly read: Map<Resource, Uint8Array> } | undefined;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
  }

  add(operation: Operation): void {
    const { writes, stream, takes } = operation.work;
    this.entries.push(operation);
    this.written += (writes?.bytes.length ?? 0) + (stream?.bytes ?? 0);
    if (stream !== undefined) {
      this.streams++;
      for (const resource of stream.written) {
        this.drawn.add(resource);
      }
    }
    if (takes !== undefined) {
      this.drawn.delete(takes as Resource);
    }
  }

  /** A checkpoint, when it is time for one. */
  checkpointDue(): Work | undefined {
    const due =
      this.streams >= MOST_STREAMS ||
      this.written >= MOST_BYTES ||
      this.entries.length >= MOST_OPERATIONS;
    if (!due || this.checkpoint !== undefined) {
      return undefined;
    }
    const read = new Map(
      Array.from(this.drawn, (resource) => [resource, new Uint8Array(resource.bytes)]),
    );
    const work: Work = {
      steps: () =>
        Array.from(read, ([resource, into]) => this.bytes.read(resource, 0, into)).flat(),
      again: true,
    };
    this.checkpoint = { work, read };
    this.streams = 0;
    this.written = 0;
    this.drawn = new Set();
    return work;
  }

  /** Forgets what is before a checkpoint that is over. */
  commit(): void {
    if (this.checkpoint === undefined) {
      return;
    }
    const { work, read } = this.checkpoint;
    const mark = this.entries.findIndex((operation) => operation.work === work);
    const before = this.entries.slice(0, mark + 1);
    if (!before.every(({ over }) => over)) {
      return;
    }
    this.checkpoint = undefined;
    if (this.entries[mark].error !== undefined) {
      this.keepAll(mark, read);
      return;
    }
    this.entries = this.entries.slice(mark + 1);
    before.forEach((operation) => {
      this.settle(operation);
    });
    for (const [resource, contents] of read) {
      resource.saved = contents;
    }
  }

  /** The checkpoint failed, such as for want of memory: the next one reads what it should have read. */
  private keepAll(mark: number, read: ReadonlyMap<Resource, Uint8Array>): void {
    this.entries.splice(mark, 1);
    for (const resource of read.keys()) {
      this.drawn.add(resource);
    }
  }

  /** An operation is before the checkpoint now. */
  private settle({ work, error }: Operation): void {
    if (work.brings !== undefined && error === undefined) {
      this.base.set(work.brings, work);
    }
    if (work.takes !== undefined) {
      this.base.delete(work.takes);
    }
    if (work.writes !== undefined && error === undefined) {
      const { resource, offset, bytes } = work.writes;
      resource.saved ??= new Uint8Array(resource.bytes);
      resource.saved.set(bytes, offset);
    }
  }

  /** All that is to be done on another device, in order. */
  operations(): readonly Operation[] {
    const restored = Array.from(this.base, ([thing, work]) => this.restore(thing, work));
    return [...restored, ...this.entries.filter(toBeDone)];
  }

  /** Brings a thing back with what it held. */
  private restore(thing: object, work: Work): Operation {
    const { saved } = thing as Partial<Resource>;
    const contents = saved === undefined ? [] : this.bytes.write(thing as Resource, 0, saved);
    const steps = (): Step[] => [...work.steps(), ...contents];
    const operation = new Operation({ steps, again: true });
    operation.end(undefined); // on the device that was lost
    return operation;
  }
}

/** What failed is not tried again, but for what takes something away: who asked for it was told, and
 * counts on it. Nor is what is over and left nothing behind: a screen still shows its frame. */
function toBeDone({ over, error, work }: Operation): boolean {
  return !over || (work.again && (error === undefined || work.takes !== undefined));
}
