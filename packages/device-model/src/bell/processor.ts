/**
 * The command processor: fetches a channel's packets, checks them, and hands them to what runs
 * them. A packet's work is done when it begins; how long it takes is for the scheduler to wait.
 */
import {
  commandNames,
  computePackets,
  drawPackets,
  headerOpcode,
  headerWords,
  ringPackets,
  type Timers,
  type Trace,
} from '@doorbell/abi';
import type { Channel } from './channel.ts';
import type { BellCounts, Engine } from './counts.ts';
import { engineCommands } from './engines.ts';
import { check, Fault } from './fault.ts';
import { type GpuMemory, Range } from './range.ts';
import type { EngineRates } from './rates.ts';

/**
 * Runs a packet of a fixed length, header included (0: of any), and gives its work in
 * nanoseconds. More than `limit` is too long: the work need not be done.
 */
interface Handler {
  readonly words: number;
  readonly engine: Engine;
  readonly run: (channel: Channel, packet: Uint32Array, limit: number) => number;
}

/** A draw may be stopped behind each so many triangles. */
const BATCH_TRIANGLES = 64;
const MOST_WORDS = Math.max(...Object.values(drawPackets).map(({ words }) => words));
const unsupported = new Set<number>(Object.values(computePackets).map(({ opcode }) => opcode));

export class Processor {
  /** Where the last packet ran. */
  engine: Engine = 'other';
  /** How long a batch of its triangles takes, in nanoseconds; 0: it is one batch, or none. */
  batchNs = 0;
  private readonly memory: GpuMemory;
  private readonly rates: EngineRates;
  private readonly counts: BellCounts;
  private readonly timers: Timers;
  private readonly trace: Trace;
  private readonly range: Range;
  private readonly packet = new Uint32Array(MOST_WORDS);
  private readonly word = new Uint32Array(1);
  private readonly wordBytes = new Uint8Array(this.word.buffer);
  private readonly handlers: (Handler | undefined)[] = [];

  constructor(
    memory: GpuMemory,
    rates: EngineRates,
    counts: BellCounts,
    timers: Timers,
    trace: Trace,
  ) {
    this.memory = memory;
    this.rates = rates;
    this.counts = counts;
    this.timers = timers;
    this.trace = trace;
    this.range = new Range(memory);
    this.addRingPackets();
    this.addEngines();
  }

  private addRingPackets(): void {
    const { NOP, INDIRECT, FENCE, WAIT, REGISTER } = ringPackets;
    type Row = typeof INDIRECT | typeof FENCE | typeof WAIT | typeof REGISTER;
    const add = (row: Row, run: Handler['run']): void => {
      this.handlers[row.opcode] = { words: row.fields.length + 1, engine: 'other', run };
    };
    this.handlers[NOP.opcode] = { words: 0, engine: 'other', run: () => 0 };
    add(INDIRECT, (channel, packet) => this.indirect(channel, packet[1], packet[2]));
    add(FENCE, (channel, packet) => this.fence(channel, packet[1], packet[2]));
    add(WAIT, (channel, packet) => this.wait(channel, packet[1], packet[2]));
    add(REGISTER, (channel, packet) => {
      channel.writeRegister(packet[1], packet[2]);
      return 0;
    });
  }

  private addEngines(): void {
    const runs = engineCommands(this.memory, this.rates, this.counts);
    for (const name of commandNames) {
      const { opcode, words } = drawPackets[name];
      this.handlers[opcode] = { words, ...runs[name] };
    }
  }

  /**
   * Runs the channel's next packet. Gives the nanoseconds that it takes, or infinity when they
   * are more than `limit`. A WAIT that is not over leaves `channel.wait` set.
   * @throws Fault
   */
  execute(channel: Channel, limit: number): number {
    const at = channel.next;
    channel.position = { address: at, opcode: 0, bytes: 0 };
    channel.checkRing();
    const handler = this.decode(channel, at, channel.limit);
    this.counts.packets++;
    this.engine = handler.engine;
    this.trace.event('packet', channel.number, channel.position.opcode);
    const before = this.counts.triangles;
    const ns = this.rates.packet + handler.run(channel, this.packet, limit) + this.takeLatency();
    const triangles = this.counts.triangles - before;
    this.batchNs = triangles > BATCH_TRIANGLES ? (ns * BATCH_TRIANGLES) / triangles : 0;
    return ns > limit ? Infinity : ns;
  }

  /** Reads the packet at `at`, which must not reach past `limit`. @throws Fault */
  private decode(channel: Channel, at: number, limit: number): Handler {
    if (at + 4 > limit) {
      throw new Fault('BAD_LENGTH', 1);
    }
    const { fetch } = channel;
    const header = fetch.word(channel, this.range, at, limit);
    const opcode = headerOpcode(header);
    const words = headerWords(header);
    channel.position = { address: at, opcode, bytes: words * 4 };
    const handler = this.handlers[opcode];
    if (handler === undefined) {
      throw new Fault(unsupported.has(opcode) ? 'UNSUPPORTED' : 'BAD_OPCODE', opcode);
    }
    const expected = handler.words === 0 ? Math.max(words, 1) : handler.words;
    if (words !== expected || at + words * 4 > limit) {
      throw new Fault('BAD_LENGTH', words);
    }
    for (let word = 1; word < handler.words; word++) {
      this.packet[word] = fetch.word(channel, this.range, at + word * 4, limit);
    }
    this.packet[0] = header;
    return handler;
  }

  /** What fetching, page walks and DMA took since the last call. */
  private takeLatency(): number {
    const misses = this.memory.mmu.takeMisses();
    this.counts.tlbMisses += misses;
    return this.memory.bus.takeLatency() + misses * this.rates.tlbMiss;
  }

  /** Forgets what an execution that ended in a fault had taken. */
  dropLatency(): void {
    this.takeLatency();
  }

  // ------------------------------------------------------------------------------ the ring's packets

  private indirect(channel: Channel, address: number, words: number): number {
    check(address % 4 === 0, address);
    channel.enter(address, words);
    return 0;
  }

  private fence(channel: Channel, value: number, interrupt: number): number {
    const { registers } = channel;
    const address = registers.get('FENCE_ADDRESS');
    check(address % 4 === 0, address);
    check(interrupt <= 1, interrupt);
    // Memory first: whoever sees the register or the interrupt must find the value there.
    if (address !== 0) {
      this.range.map(channel, address, 4, true);
      this.word[0] = value;
      this.range.write(0, this.wordBytes);
    }
    registers.set('FENCE', value);
    if (this.memory.lastWord?.present === true) {
      this.memory.lastWord.value = value;
    }
    this.counts.fences++;
    this.trace.event('fence', channel.number, value);
    if (interrupt === 1) {
      channel.raise('FENCE');
    }
    return 0;
  }

  private wait(channel: Channel, address: number, value: number): number {
    check(address % 4 === 0, address);
    if (!this.reached(channel, address, value)) {
      channel.wait = { address, value, since: this.timers.now() };
    }
    return 0;
  }

  /** Whether the word at `address` is at least `value`. @throws Fault */
  reached(channel: Channel, address: number, value: number): boolean {
    this.range.map(channel, address, 4, false);
    this.range.read(0, this.wordBytes);
    return this.word[0] >= value;
  }
}
