/**
 * Reads a guest's packets before the GPU does: as the hardware decodes them, so that what was not
 * read does not run. Where the hardware faults by itself the audit ends, for so does the channel; a
 * packet that the guest may not use becomes one that has no opcode.
 */
import {
  commands,
  computePackets,
  drawPackets,
  gpuVa,
  header,
  headerOpcode,
  headerWords,
  PAGE_BYTES,
  ringPackets,
  type CommandField,
  type CommandName,
} from '@doorbell/abi';

/** An opcode that no packet has. */
const UNDEFINED = 0xff;
const VA_BYTES = 2 ** gpuVa.bits;
/** In place of a packet's length. */
const STOPS = 0;
const REFUSED = -1;

/** A part of a packet that is a GPU virtual address. */
interface ReferenceShape {
  /** In words from the header. */
  readonly at: number;
  readonly writes: boolean;
  /** Bytes from there on. `word` gives the packet's words by name of the field. */
  readonly extent: NonNullable<CommandField['extent']>;
}

interface Shape {
  /** Header included; 0: any. */
  readonly words: number;
  readonly isPrivileged: boolean;
  readonly references: readonly ReferenceShape[];
  readonly at: Readonly<Record<string, number>>;
}

const shapes: (Shape | undefined)[] = [];
for (const [name, { opcode, fields }] of Object.entries(ringPackets)) {
  const words = name === 'NOP' ? 0 : fields.length + 1;
  const references = name === 'WAIT' ? [{ at: 1, writes: false, extent: () => 4 }] : [];
  shapes[opcode] = { words, isPrivileged: name === 'REGISTER', references, at: {} };
}
for (const [name, { opcode, words, at }] of Object.entries(drawPackets)) {
  const fields: Readonly<Record<string, CommandField>> = commands[name as CommandName].fields;
  const places: Readonly<Record<string, number>> = at;
  const references = Object.entries(fields).flatMap(([key, { type, extent, writes }]) =>
    type === 'ref' && extent !== undefined
      ? [{ at: places[key], writes: writes === true, extent }]
      : [],
  );
  shapes[opcode] = { words, isPrivileged: false, references, at };
}
// The hardware says UNSUPPORTED.
for (const { opcode } of Object.values(computePackets)) {
  shapes[opcode] = undefined;
}

/** What the audit reads, and what it may do. Addresses are GPU virtual. */
export interface AuditedMemory {
  /** What is read from here on is a buffer, in use until the channel has passed the ring's word before `end`. */
  enter(end: number): void;
  /** What is read from here on is the ring again. */
  leave(): void;
  /** A word before `limit`, from where the hardware will read it; undefined: it faults there. */
  read(va: number, limit: number): Word;
  /** Changes a word that was read. */
  patch(va: number, value: number): void;
  /** An engine will use the page so: whether the guest's tables let it. */
  uses(page: number, writes: boolean): boolean;
}

/** A word; `absent`: the hardware faults when it reads it; `refused`: it cannot be held, so it must not run. */
export type Word = number | 'absent' | 'refused';

export interface AuditCounts {
  commandsScanned: number;
  commandsRefused: number;
}

export class CommandAudit {
  private readonly memory: AuditedMemory;
  private readonly counts: AuditCounts;
  /** Packets and pages that may still be looked at. */
  private left = 0;

  constructor(memory: AuditedMemory, counts: AuditCounts) {
    this.memory = memory;
    this.counts = counts;
  }

  /** Whether something was not looked at, because there was too much. */
  get isExhausted(): boolean {
    return this.left <= 0;
  }

  /** For one submission. @param most  packets and pages that it may have looked at. */
  begin(most: number): void {
    this.left = most;
  }

  /**
   * Reads packets from `va` on, in front of `limit`, and what they lead to. Gives where the first
   * packet begins that is not whole, or that stops the channel: the next audit begins there.
   */
  ring(va: number, limit: number): number {
    let at = va;
    while (at < limit) {
      const words = this.packet(at, limit, true);
      if (words <= 0) {
        if (words === REFUSED) {
          this.refuse(at, 1);
        }
        break;
      }
      at += words * 4;
    }
    return at;
  }

  /**
   * Reads one packet. Gives its length in words; STOPS: the channel does not come past it; REFUSED:
   * it cannot be held as it was read, so whoever leads to it must not run.
   */
  private packet(at: number, limit: number, inRing: boolean): number {
    const first = this.memory.read(at, limit);
    if (typeof first === 'string') {
      return first === 'absent' ? STOPS : REFUSED;
    }
    if (this.left-- <= 0) {
      return REFUSED;
    }
    this.counts.commandsScanned++;
    const words = headerWords(first);
    const shape = shapes[headerOpcode(first)];
    const expected = shape?.words === 0 ? Math.max(words, 1) : shape?.words;
    if (shape === undefined || words !== expected || at + words * 4 > limit) {
      return STOPS;
    }
    if (shape.isPrivileged) {
      return this.refuse(at, words);
    }
    const packet = this.rest(first, at, limit, shape.words);
    if (typeof packet === 'string') {
      return packet === 'absent' ? STOPS : REFUSED;
    }
    return this.follow(packet, at, inRing);
  }

  /** The packet's words; a NOP's are its header alone. */
  private rest(first: number, at: number, limit: number, words: number): Uint32Array | string {
    const packet = new Uint32Array(Math.max(words, 1));
    packet[0] = first;
    for (let word = 1; word < words; word++) {
      const value = this.memory.read(at + word * 4, limit);
      if (typeof value === 'string') {
        return value;
      }
      packet[word] = value;
    }
    return packet;
  }

  /** As `packet`. */
  private follow(packet: Uint32Array, at: number, inRing: boolean): number {
    const words = headerWords(packet[0]);
    if (headerOpcode(packet[0]) !== ringPackets.INDIRECT.opcode) {
      this.checkReferences(packet);
      return words;
    }
    if (packet[1] % 4 !== 0 || !inRing) {
      // The hardware faults BAD_ARGUMENT, or NESTED.
      return STOPS;
    }
    this.memory.enter(at + words * 4);
    const last = this.buffer(packet[1], packet[1] + packet[2] * 4);
    this.memory.leave();
    // As a whole: what could not be held cannot be made undefined.
    return last === REFUSED ? this.refuse(at, words) : last === STOPS ? STOPS : words;
  }

  /** What an INDIRECT packet names. Gives what the last packet gave. */
  private buffer(address: number, end: number): number {
    let last = 1;
    for (let at = address; at < end && last > 0; at += last * 4) {
      last = this.packet(at, end, false);
    }
    return last;
  }

  /** Leads where the guest reaches nothing: the hardware faults, and the host knows. */
  private checkReferences(packet: Uint32Array): void {
    const { references, at } = shapes[headerOpcode(packet[0])]!;
    for (const { at: place, writes, extent } of references) {
      const va = packet[place];
      // 0 is "none".
      if (
        va !== 0 &&
        !this.reaches(
          va,
          extent((name) => packet[at[name]]),
          writes,
        )
      ) {
        this.counts.commandsRefused++;
        return;
      }
    }
  }

  private reaches(va: number, bytes: number, writes: boolean): boolean {
    if (va + bytes > VA_BYTES) {
      return false;
    }
    for (let page = Math.floor(va / PAGE_BYTES); page * PAGE_BYTES < va + bytes; page++) {
      if (this.left-- <= 0) {
        // What is not looked at, the shadow bounds all the same.
        return true;
      }
      if (!this.memory.uses(page, writes)) {
        return false;
      }
    }
    return true;
  }

  private refuse(at: number, words: number): typeof STOPS {
    this.counts.commandsRefused++;
    this.memory.patch(at, header(UNDEFINED, words));
    return STOPS;
  }
}
