/**
 * A host with channels, for tests: it keeps an account of what each has, and of calls that no
 * correct caller makes.
 */
import {
  type ChannelFault,
  type ChannelHost,
  commandNames,
  type DoorbellPage,
  GpuError,
  type GpuFeatures,
  type HostChannel,
  PAGE_BYTES,
  type PciEndpoint,
  type RingPlace,
  type SharedPages,
  type VramRange,
} from '@doorbell/abi';

const endpoint: PciEndpoint = {
  configRead: () => 0,
  configWrite: () => {},
  barRead: () => 0,
  barWrite: () => {},
  barMemory: () => undefined,
};

class FakeChannel implements HostChannel {
  readonly doorbell: DoorbellPage;
  /** What is at each page of the address space. */
  readonly pages = new Map<number, { readonly vram: boolean; readonly writable: boolean }>();
  readonly ranges = new Map<VramRange, number | undefined>();
  place: RingPlace | undefined;
  faulted: ChannelFault | undefined;
  isClosed = false;
  readonly onInterrupt: () => void;
  private readonly host: FakeChannelHost;

  constructor(host: FakeChannelHost, number: number, onInterrupt: () => void) {
    this.host = host;
    this.onInterrupt = onInterrupt;
    this.doorbell = { endpoint, bar: 1, offset: number * PAGE_BYTES };
  }

  async allocate(pages: number): Promise<VramRange> {
    await this.host.clearing;
    this.check(!this.isClosed, 'allocate on a channel that is closed');
    if (this.host.vramPages + pages > this.host.mostVram) {
      throw new GpuError('out-of-memory', 'No VRAM is free.');
    }
    const range = { page: this.host.vramPages, pages };
    this.host.vramPages += pages;
    this.ranges.set(range, undefined);
    return range;
  }

  free(range: VramRange): void {
    this.check(this.ranges.has(range), 'free of what is not there');
    const va = this.ranges.get(range);
    this.ranges.delete(range);
    this.host.vramPages -= range.pages;
    if (va !== undefined) {
      this.clear(va, range.pages);
    }
  }

  mapVram(va: number, range: VramRange, writable: boolean): void {
    this.put(va, range.pages, true, writable);
    this.ranges.set(range, va);
  }

  mapMemory(va: number, _guestAddress: number, pages: number, writable: boolean): void {
    if (this.host.pinned + pages > this.host.mostPinned) {
      throw new GpuError('bad-range', 'No more may be pinned.');
    }
    this.put(va, pages, false, writable);
    this.host.pinned += pages;
  }

  private put(va: number, pages: number, vram: boolean, writable: boolean): void {
    for (let page = va / PAGE_BYTES; page < va / PAGE_BYTES + pages; page++) {
      this.check(!this.pages.has(page) && page > 0 && page < 2 ** 18, `a map at page ${page}`);
      this.pages.set(page, { vram, writable });
    }
  }

  unmap(va: number, pages: number): void {
    this.clear(va, pages);
    this.host.pinned -= pages;
  }

  private clear(va: number, pages: number): void {
    for (let page = va / PAGE_BYTES; page < va / PAGE_BYTES + pages; page++) {
      this.check(this.pages.delete(page), `an unmap at page ${page}`);
    }
  }

  start(place: RingPlace): void {
    this.check(this.place === undefined || this.faulted !== undefined, 'a second start');
    if (place.ringBytes < 256) {
      throw new GpuError('bad-range', 'The GPU takes no such ring.');
    }
    this.place = place;
    this.faulted = undefined;
  }

  stop(): void {
    this.place = undefined;
    this.faulted = undefined;
  }

  fault(): ChannelFault | undefined {
    return this.faulted;
  }

  /** It stops by itself, and interrupts. */
  stopWith(fault: ChannelFault): void {
    this.faulted = fault;
    this.onInterrupt();
  }

  close(): void {
    this.check(!this.isClosed, 'a second close');
    this.isClosed = true;
    this.stop();
    for (const range of [...this.ranges.keys()]) {
      this.free(range);
    }
    this.host.pinned -= this.pages.size;
    this.pages.clear();
    this.host.opened.delete(this);
  }

  private check(holds: boolean, what: string): void {
    if (!holds) {
      this.host.mistakes.push(what);
    }
  }
}

class FakeChannelHost implements ChannelHost {
  readonly features: GpuFeatures = {
    maxBufferBytes: 1 << 20,
    maxImageSize: 512,
    commands: new Set(commandNames),
    compute: false,
  };
  readonly opened = new Set<FakeChannel>();
  readonly shown: readonly unknown[][] = [];
  /** What no correct caller does. */
  readonly mistakes: string[] = [];
  vramPages = 0;
  pinned = 0;
  mostChannels = 4;
  mostVram = 256;
  mostPinned = 256;
  /** ALLOCATE waits for it. */
  clearing: Promise<void> = Promise.resolve();
  private made = 0;

  open(onInterrupt: () => void): FakeChannel {
    if (this.opened.size === this.mostChannels) {
      throw new GpuError('out-of-memory', 'No channel is free.');
    }
    const channel = new FakeChannel(this, this.made++, onInterrupt);
    this.opened.add(channel);
    return channel;
  }

  show(...picture: readonly unknown[]): void {
    (this.shown as unknown[][]).push([...picture]);
  }

  /** The only channel that is open. */
  get channel(): FakeChannel {
    const [first] = this.opened;
    return first;
  }

  /** Whether nothing is held of it. */
  get isIdle(): boolean {
    return this.opened.size === 0 && this.vramPages === 0 && this.pinned === 0;
  }
}

/** A shared memory region of eight pages. */
class FakeSharedPages implements SharedPages {
  readonly pages = 8;
  readonly mapped = new Map<number, DoorbellPage>();

  map(page: number, doorbell: DoorbellPage): void {
    this.mapped.set(page, doorbell);
  }

  unmap(page: number): void {
    this.mapped.delete(page);
  }
}

/** All that a device needs for channels; `signals` notes the vectors. */
export function fakeChannels(host = new FakeChannelHost()) {
  const signals: number[] = [];
  const shared = new FakeSharedPages();
  const channels = {
    ...{ host, shared, firstVector: 3, vectors: 2 },
    signal: (vector: number): void => {
      signals.push(vector);
    },
  };
  return { host, shared, signals, channels };
}
