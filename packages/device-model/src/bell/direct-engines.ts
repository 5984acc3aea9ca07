/**
 * bell's engines on flat memory: no channel, no ring, no page table, no time but what they take.
 * What a software renderer is made of.
 */
import { type CommandName, commandNames, commands, headerOpcode, headerWords } from '@doorbell/abi';
import { PagedMemory } from '../paged-memory.ts';
import { newCounts } from './counts.ts';
import { engineCommands } from './engines.ts';
import { Fault } from './fault.ts';
import type { EngineRates } from './rates.ts';
import type { EngineClient } from './render-engine.ts';
import { RenderState } from './render-state.ts';

const nameOf = new Map<number, CommandName>(
  commandNames.map((name) => [commands[name].opcode, name]),
);

/** Calls with each packet, in order. @throws Fault BAD_OPCODE, and what `run` throws */
export function eachPacket(
  packets: Uint32Array,
  run: (name: CommandName, packet: Uint32Array) => void,
): void {
  for (let at = 0; at < packets.length; at += headerWords(packets[at])) {
    const name = nameOf.get(headerOpcode(packets[at]));
    if (name === undefined) {
      throw new Fault('BAD_OPCODE', headerOpcode(packets[at]));
    }
    run(name, packets.subarray(at, at + headerWords(packets[at])));
  }
}

export class DirectEngines {
  readonly memory: PagedMemory;
  private readonly rates: EngineRates;
  private readonly client: EngineClient;
  private readonly runs: ReturnType<typeof engineCommands>;

  /** @param memoryBytes  whole pages; an address of a packet is an offset in them. */
  constructor(memoryBytes: number, rates: EngineRates) {
    this.memory = new PagedMemory(memoryBytes);
    this.rates = rates;
    const window = { base: 0, size: memoryBytes };
    this.client = { number: 0, pageRoot: 0, window, render: new RenderState() };
    const mmu = {
      system: false,
      translate: (_space: unknown, va: number): number => this.translate(va),
      takeMisses: () => 0,
    };
    const bus = { read: () => false, write: () => false, takeLatency: () => 0 };
    this.runs = engineCommands({ vram: this.memory, mmu, bus }, rates, newCounts());
  }

  private translate(va: number): number {
    if (va >= this.memory.size) {
      throw new Fault('NOT_PRESENT', va);
    }
    return va;
  }

  /**
   * Runs packets that begin with nothing set, as those of one command buffer. Gives nanoseconds.
   * @param limit  nanoseconds that one packet may take.
   * @throws Fault, HANG when a packet takes longer.
   */
  run(packets: Uint32Array, limit: number): number {
    let total = 0;
    this.client.render.reset();
    eachPacket(packets, (name, packet) => {
      total += this.rates.packet + this.packet(name, packet, limit);
    });
    return total;
  }

  private packet(name: CommandName, packet: Uint32Array, limit: number): number {
    const ns = this.runs[name].run(this.client, packet, limit);
    if (ns > limit) {
      throw new Fault('HANG', 0);
    }
    return ns;
  }
}
