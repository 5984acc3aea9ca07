import { CommandEncoder, resolveReferences } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { DirectEngines } from '../../src/bell/direct-engines.ts';

const rates = {
  ...{ packet: 100, fillByte: 2, copyByte: 3, blitPixel: 1 },
  ...{ vertex: 1, triangle: 1, pixel: 1, tlbMiss: 1 },
};

/** Packets in which a handle is the address. */
function packets(encoder: CommandEncoder): Uint32Array {
  return resolveReferences(encoder.finish(), (handle, offset) => handle + offset);
}

const fill = (handle: number, words: number, value: number) =>
  new CommandEncoder().fill({
    dst: { handle, offset: 0 },
    ...{ stride: words * 4, width: words, height: 1, value },
  });

describe("bell's engines on flat memory", () => {
  it('do the work at once, and say how long it takes', () => {
    const engines = new DirectEngines(4096, rates);
    expect(engines.run(packets(fill(8, 4, 0xabcd)), 1e9)).toBe(100 + 16 * 2);
    expect([...engines.memory.words.subarray(1, 8)]).toEqual([
      0, 0xabcd, 0xabcd, 0xabcd, 0xabcd, 0, 0,
    ]);
  });

  it('end at the end of memory', () => {
    const engines = new DirectEngines(4096, rates);
    expect(() => engines.run(packets(fill(4092, 2, 1)), 1e9)).toThrow('NOT_PRESENT 0x1000');
    expect(engines.memory.words[1023]).toBe(0);
  });

  it('stop what takes too long before it is begun', () => {
    const engines = new DirectEngines(4096, rates);
    expect(() => engines.run(packets(fill(8, 4, 1)), 31)).toThrow('HANG');
    expect(engines.memory.words[2]).toBe(0);
  });

  it('refuse what no engine has', () => {
    const engines = new DirectEngines(4096, rates);
    expect(() => engines.run(Uint32Array.of(0x000100ff), 1e9)).toThrow('BAD_OPCODE 0xff');
  });
});
