/**
 * The driver on the real device half, with a small GPU behind it: channels that execute their rings
 * in the driver's RAM, at once or when the test says so.
 */
import {
  type ChannelFault,
  type ChannelHost,
  commandNames,
  type DoorbellPage,
  drawPackets,
  faults,
  type Gpu,
  GpuError,
  type GpuFeatures,
  headerOpcode,
  headerWords,
  type HostChannel,
  type Mmio,
  PAGE_BYTES,
  type PciEndpoint,
  ringPackets,
  type RingPlace,
  type VirtioTransport,
  type VramRange,
} from '@doorbell/abi';
import { VirtioGpu } from '@doorbell/pv-backend';
import { type FrontendOptions, probeVirtioGpu, type VirtioGpuDriver } from '../../src/index.ts';
import { plain } from '../bench.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { TestMemory } from '../../testing/test-memory.ts';

const { NOP, INDIRECT, FENCE } = ringPackets;
const FIRST_VECTOR = 3;
const SHARED_PAGES = 4;

interface Page {
  /** VRAM, or where in the driver's RAM. */
  readonly vram: Uint8Array | undefined;
  readonly iova: number;
  readonly writable: boolean;
}

class TestChannel implements HostChannel {
  readonly doorbell: DoorbellPage;
  readonly pages = new Map<number, Page>();
  private readonly gpu: TestGpu;
  private readonly onInterrupt: () => void;
  private readonly ranges = new Map<VramRange, number>();
  private place: RingPlace | undefined;
  private head = 0;
  private tail = 0;
  private stopped: ChannelFault | undefined;

  constructor(gpu: TestGpu, onInterrupt: () => void) {
    this.gpu = gpu;
    this.onInterrupt = onInterrupt;
    const endpoint: PciEndpoint = {
      configRead: () => 0,
      configWrite: () => {},
      barRead: () => 0,
      barWrite: (_bar, _offset, _width, value) => {
        this.ring(value);
      },
      barMemory: () => undefined,
    };
    this.doorbell = { endpoint, bar: 1, offset: 0 };
  }

  // ------------------------------------------------------------------------------ memory

  async allocate(pages: number): Promise<VramRange> {
    await this.gpu.clock.sleep(10);
    if (this.gpu.vramPages < pages) {
      throw new GpuError('out-of-memory', 'No VRAM is free.');
    }
    this.gpu.vramPages -= pages;
    const range = { page: this.gpu.nextPage, pages };
    this.gpu.nextPage += pages;
    return range;
  }

  free(range: VramRange): void {
    this.gpu.vramPages += range.pages;
    this.remove(this.ranges.get(range)!, range.pages);
    this.ranges.delete(range);
  }

  mapVram(va: number, range: VramRange, writable: boolean): void {
    this.ranges.set(range, va);
    for (let index = 0; index < range.pages; index++) {
      const vram = new Uint8Array(PAGE_BYTES);
      this.gpu.vram.set(range.page + index, vram);
      this.pages.set(va / PAGE_BYTES + index, { vram, iova: 0, writable });
    }
  }

  mapMemory(va: number, guestAddress: number, pages: number, writable: boolean): void {
    for (let index = 0; index < pages; index++) {
      const iova = guestAddress + index * PAGE_BYTES;
      this.pages.set(va / PAGE_BYTES + index, { vram: undefined, iova, writable });
    }
  }

  unmap(va: number, pages: number): void {
    this.remove(va, pages);
  }

  private remove(va: number, pages: number): void {
    for (let index = 0; index < pages; index++) {
      this.pages.delete(va / PAGE_BYTES + index);
    }
  }

  /** @throws string: why not. */
  private move(va: number, bytes: Uint8Array, write: boolean): void {
    for (let done = 0; done < bytes.length;) {
      const at = (va + done) % PAGE_BYTES;
      const part = bytes.subarray(done, done + PAGE_BYTES - at);
      const page = this.pages.get(Math.floor((va + done) / PAGE_BYTES));
      if (page === undefined || (write && !page.writable)) {
        throw new Stop(page === undefined ? 'NOT_PRESENT' : 'NOT_WRITABLE', va + done);
      }
      const inVram = page.vram?.subarray(at, at + part.length);
      if (inVram === undefined) {
        this.gpu.memory[write ? 'moveOut' : 'moveIn'](page.iova + at, part);
      } else if (write) {
        inVram.set(part);
      } else {
        part.set(inVram);
      }
      done += part.length;
    }
  }

  private words(va: number, count: number): Uint32Array {
    const bytes = new Uint8Array(count * 4);
    this.move(va, bytes, false);
    return new Uint32Array(bytes.buffer);
  }

  // ------------------------------------------------------------------------------ the ring

  start(place: RingPlace): void {
    this.place = place;
    this.head = 0;
    this.tail = 0;
    this.stopped = undefined;
  }

  stop(): void {
    this.place = undefined;
  }

  fault(): ChannelFault | undefined {
    return this.stopped;
  }

  close(): void {
    this.stop();
    for (const range of [...this.ranges.keys()]) {
      this.free(range);
    }
    this.pages.clear();
    this.gpu.channels.delete(this);
  }

  private ring(tail: number): void {
    this.gpu.doorbells++;
    this.tail = tail;
    this.run();
  }

  /** Executes what is published. */
  run(): void {
    while (this.place !== undefined && this.stopped === undefined && this.head !== this.tail) {
      if (this.gpu.isHeld) {
        return;
      }
      this.step(this.place);
    }
  }

  private step(place: RingPlace): void {
    const at = place.ring + this.head;
    try {
      const [first] = this.words(at, 1);
      const packet = this.words(at, headerOpcode(first) === NOP.opcode ? 1 : headerWords(first));
      this.execute(packet, place);
      this.head = (this.head + headerWords(first) * 4) % place.ringBytes;
    } catch (error) {
      if (!(error instanceof Stop)) {
        throw error;
      }
      this.stopped = { fault: faults[error.reason].code, address: error.address, packet: at };
      this.onInterrupt();
    }
  }

  private execute(packet: Uint32Array, place: RingPlace): void {
    const { fill, copy } = drawPackets;
    const opcode = headerOpcode(packet[0]);
    if (opcode === FENCE.opcode) {
      this.move(place.fence, new Uint8Array(packet.slice(1, 2).buffer), true);
      this.gpu.fences.push(packet[1]);
      if (packet[2] === 1) {
        this.gpu.interrupts++;
        this.onInterrupt();
      }
    } else if (opcode === INDIRECT.opcode) {
      this.gpu.streams.push(packet[2]);
      const stream = this.words(packet[1], packet[2]);
      for (let at = 0; at < stream.length; at += headerWords(stream[at])) {
        this.execute(stream.subarray(at, at + headerWords(stream[at])), place);
      }
    } else if (opcode === copy.opcode) {
      const bytes = new Uint8Array(packet[copy.at.rowBytes]);
      this.move(packet[copy.at.src], bytes, false);
      this.move(packet[copy.at.dst], bytes, true);
    } else if (opcode === fill.opcode) {
      const bytes = new Uint8Array(packet[fill.at.width] * 4).fill(packet[fill.at.value] & 0xff);
      this.move(packet[fill.at.dst], bytes, true);
    } else if (opcode !== NOP.opcode) {
      throw new Stop('BAD_OPCODE', opcode);
    }
  }
}

class Stop extends Error {
  readonly reason: keyof typeof faults;
  readonly address: number;

  constructor(reason: keyof typeof faults, address: number) {
    super(reason);
    this.reason = reason;
    this.address = address;
  }
}

/** What the channels share, and what was seen of them. */
class TestGpu implements ChannelHost {
  readonly features: GpuFeatures = {
    maxBufferBytes: 1 << 24,
    maxImageSize: 1024,
    commands: new Set(commandNames),
    compute: false,
  };
  readonly memory: TestMemory;
  readonly clock: ManualClock;
  readonly channels = new Set<TestChannel>();
  /** By page. */
  readonly vram = new Map<number, Uint8Array>();
  /** Frames: the first byte of each. */
  readonly shown: number[] = [];
  vramPages = 1 << 16;
  nextPage = 0;
  /** Nothing is executed. */
  isHeld = false;
  doorbells = 0;
  interrupts = 0;
  readonly fences: number[] = [];
  /** Words of the streams that were executed. */
  readonly streams: number[] = [];

  constructor(memory: TestMemory, clock: ManualClock) {
    this.memory = memory;
    this.clock = clock;
  }

  open(onInterrupt: () => void): HostChannel {
    const channel = new TestChannel(this, onInterrupt);
    this.channels.add(channel);
    return channel;
  }

  show({ page }: VramRange): void {
    this.shown.push(this.vram.get(page)![0]);
  }

  release(): void {
    this.isHeld = false;
    this.channels.forEach((channel) => {
      channel.run();
    });
  }
}

/** Pages that lead to doorbells. */
class TestShared implements Mmio {
  readonly pages = SHARED_PAGES;
  readonly size = SHARED_PAGES * PAGE_BYTES;
  private readonly doorbells = new Map<number, DoorbellPage>();

  map(page: number, doorbell: DoorbellPage): void {
    this.doorbells.set(page, doorbell);
  }
  unmap(page: number): void {
    this.doorbells.delete(page);
  }
  read(): number {
    return 0xffffffff;
  }
  write(offset: number, width: 1 | 2 | 4, value: number): void {
    const found = this.doorbells.get(Math.floor(offset / PAGE_BYTES));
    found?.endpoint.barWrite(found.bar, found.offset + (offset % PAGE_BYTES), width, value);
  }
  writeBlock(): void {}
  readBlock(): void {}
}

/** No renderer: what is not a channel is not used. */
const nothing = {
  features: { maxBufferBytes: 0, maxImageSize: 0, commands: new Set<never>(), compute: false },
} as unknown as Gpu;

export class ChannelRig {
  readonly clock = new ManualClock();
  readonly memory = new TestMemory();
  readonly gpu = new TestGpu(this.memory, this.clock);
  readonly handlers = new Map<number, () => void>();
  device!: VirtioGpu;
  /** Interrupts are lost. */
  isDeaf = false;
  private readonly shared = new TestShared();

  constructor() {
    this.clock.mayBeIdle = true;
  }

  /** Calls of it are calls of the device, in one thread. */
  transport(): VirtioTransport {
    const used: (() => void)[] = [];
    let changed = (): void => {};
    const device = new VirtioGpu(
      {
        memory: this.memory.device,
        notifyDriver: (queue) => {
          used[queue]();
        },
        configChanged: () => {
          changed();
        },
      },
      {
        ...{ renderer: nothing, clock: this.clock, width: 640, height: 480 },
        channels: {
          ...{ host: this.gpu, shared: this.shared, firstVector: FIRST_VECTOR, vectors: 1 },
          signal: (vector) => {
            if (!this.isDeaf) {
              this.handlers.get(vector)?.();
            }
          },
        },
        spawn: (body) => void body(),
        trace: { event: () => 0 },
      },
    );
    this.device = device;
    return {
      deviceId: device.deviceId,
      readStatus: async () => device.status,
      writeStatus: async (status) => {
        device.writeStatus(status);
      },
      deviceFeatures: async () => device.features,
      setDriverFeatures: async (features) => {
        device.driverFeatures = features;
      },
      readConfig: async (offset, bytes) => {
        const into = new Uint8Array(bytes);
        device.readConfig(offset, into);
        return into;
      },
      writeConfig: async (offset, bytes) => {
        device.writeConfig(offset, bytes);
      },
      maxQueueSize: async (queue) => device.queue(queue).maxSize,
      enableQueue: async (queue, setup, onUsed) => {
        used[queue] = onUsed;
        device.setQueue(queue, setup);
        device.enableQueue(queue);
      },
      notify: (queue) => {
        device.notify(queue);
      },
      onConfigChange: (handler) => {
        changed = handler;
      },
      sharedMemory: (id) =>
        id === 1 ? { mmio: this.shared, base: 0, bytes: this.shared.size } : undefined,
      handleVector: (vector, handler) => {
        this.handlers.set(vector, handler);
        return vector === FIRST_VECTOR;
      },
      release: () => {},
    };
  }

  /** @param instead  of what the transport has. */
  probe(options: Partial<FrontendOptions> = {}, instead: object = {}): Promise<VirtioGpuDriver> {
    const { memory, clock } = this;
    const chosen = { ...plain, channels: true, ...options };
    const parts = { memory, dma: memory.dma, clock };
    return probeVirtioGpu({ ...this.transport(), ...instead }, parts, chosen);
  }

  /** Commands that the device has done. */
  commands(name: string): number {
    return this.device.counts.commands[name] ?? 0;
  }
}
