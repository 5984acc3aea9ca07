import { drawPackets, header, PAGE_BYTES, ringPackets } from '@doorbell/abi';
import { describe, expect, test } from 'vitest';
import { CommandAudit, type Word } from '../../src/mdev/command-audit.ts';

const { NOP, INDIRECT, FENCE, REGISTER } = ringPackets;
const RING = 0x1000;
const BUFFER = 0x8000;
const fence = [header(FENCE.opcode, 3), 1, 0];
const register = [header(REGISTER.opcode, 3), 0x110, 1];

/** Memory of two ranges; what is elsewhere is absent, and what is in `full` cannot be held. */
function audited(ring: readonly number[], buffer: readonly number[] = [], full = -1) {
  const words = new Map<number, number>();
  ring.forEach((word, index) => words.set(RING + index * 4, word >>> 0));
  buffer.forEach((word, index) => words.set(BUFFER + index * 4, word >>> 0));
  const counts = { commandsScanned: 0, commandsRefused: 0 };
  const used: number[] = [];
  const audit = new CommandAudit(
    {
      enter: () => undefined,
      leave: () => undefined,
      read: (va): Word => (va === full ? 'refused' : (words.get(va) ?? 'absent')),
      patch: (va, value) => words.set(va, value),
      uses: (page) => {
        used.push(page);
        return page < 16;
      },
    },
    counts,
  );
  audit.begin(100);
  const end = RING + ring.length * 4;
  const reached = (audit.ring(RING, end) - RING) / 4;
  const opcodeAt = (va: number): number => (words.get(va) ?? 0) & 0xff;
  return { reached, counts, used, opcodeAt };
}

describe('the audit of a ring', () => {
  test('passes whole packets, and ends at the first that is not', () => {
    expect(audited([...fence, header(NOP.opcode, 2), 0, ...fence]).reached).toBe(8);
    expect(audited([...fence, ...fence.slice(0, 2)]).reached).toBe(3);
    expect(audited([...fence, header(FENCE.opcode, 4), 1, 0, 0]).reached).toBe(3);
    expect(audited([...fence, header(NOP.opcode, 0), ...fence]).reached).toBe(3);
    expect(audited([...fence, header(0xee, 1), ...fence]).reached).toBe(3);
  });

  test('takes the opcode from a privileged packet, in the ring and in a buffer', () => {
    const inRing = audited([...fence, ...register, ...fence]);
    expect(inRing.reached).toBe(3);
    expect(inRing.opcodeAt(RING + 12)).toBe(0xff);
    const inBuffer = audited([header(INDIRECT.opcode, 3), BUFFER, 6], [...fence, ...register]);
    expect(inBuffer.reached).toBe(0);
    expect(inBuffer.opcodeAt(RING)).toBe(INDIRECT.opcode);
    expect(inBuffer.opcodeAt(BUFFER + 12)).toBe(0xff);
    expect(inBuffer.counts).toEqual({ commandsScanned: 3, commandsRefused: 1 });
  });

  test('refuses a buffer as a whole when a word of it cannot be held', () => {
    const packets = [header(INDIRECT.opcode, 3), BUFFER, 6];
    const { reached, opcodeAt } = audited(packets, [...fence, ...fence], BUFFER + 12);
    expect(reached).toBe(0);
    expect(opcodeAt(RING)).toBe(0xff);
  });

  test('refuses what is more than may be looked at', () => {
    const many = Array.from({ length: 200 }, () => header(NOP.opcode, 1));
    const { reached, opcodeAt } = audited(many);
    expect(reached).toBe(100);
    expect(opcodeAt(RING + 400)).toBe(0xff);
  });

  test('leaves to the hardware what it refuses by itself: nesting, odd addresses, nothing there', () => {
    const nested = [header(INDIRECT.opcode, 3), BUFFER, 3];
    expect(audited(nested, nested).counts.commandsRefused).toBe(0);
    expect(audited([header(INDIRECT.opcode, 3), 2, 3]).reached).toBe(0);
    expect(audited(nested).reached).toBe(0);
  });

  test('looks at all of the pages that a packet refers to, and counts those that lead nowhere', () => {
    const { opcode, words } = drawPackets.fill;
    const fill = (dst: number, height: number): number[] => [
      ...[header(opcode, words), dst, PAGE_BYTES, 1, height, 0],
    ];
    const within = audited(fill(0x3ffc, 3));
    expect(within.used).toEqual([3, 4, 5]);
    expect(within.counts.commandsRefused).toBe(0);
    const beyond = audited(fill(0xf000, 3));
    expect(beyond.counts.commandsRefused).toBe(1);
    expect(beyond.reached).toBe(6);
    expect(audited(fill(0x3ffff000, 3)).counts.commandsRefused).toBe(1);
  });
});
