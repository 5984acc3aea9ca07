import { beforeEach, describe, expect, it } from 'vitest';
import { Mmu } from '../../src/bell/mmu.ts';
import { Operand } from '../../src/bell/operand.ts';
import { PagedMemory, pageOf } from '../../src/paged-memory.ts';
import { FakeHost } from '../fake-host.ts';

const space = { number: 0, pageRoot: 0, window: { base: 0, size: 0x1000000 } };

let host: FakeHost;
let vram: PagedMemory;
let operand: Operand;

/* Virtual pages 0 and 1: VRAM 0x2000 and 0x3000. Page 2: RAM 0. Page 3: VRAM 0x5000. */
beforeEach(() => {
  host = new FakeHost(4096);
  vram = new PagedMemory(0x6000);
  vram.words[0] = 0x1000 | 9;
  [0x2003, 0x3003, 0x0007, 0x5003].forEach((entry, page) => {
    vram.words[1024 + page * 2] = entry;
  });
  vram.save();
  operand = new Operand({ vram, mmu: new Mmu(vram), bus: host.bus });
});

describe('an operand', () => {
  it('in one run of VRAM is VRAM itself', () => {
    operand.map(space, 0xff0, 0x20, true);
    operand.load();
    expect([operand.words === vram.words, operand.base]).toEqual([true, 0x2ff0 / 4]);
    expect(operand.floats.buffer).toBe(vram.words.buffer);
    operand.store();
    const pages = vram.save();
    expect([1, 2, 3].map((page) => pageOf(pages, page) !== undefined)).toEqual([false, true, true]);
  });

  it('elsewhere is a copy, which store brings back', () => {
    vram.words[0x3ffc / 4] = 1;
    new Uint32Array(host.ram.buffer)[0] = 2;
    vram.words[0x5000 / 4] = 3;
    operand.map(space, 0x1ffc, 0x1008, true);
    operand.load();
    expect([operand.base, operand.words[0], operand.words[1], operand.words[0x401]]).toEqual([
      ...[0, 1, 2, 3],
    ]);
    operand.words[0] = 4;
    operand.floats[1] = 1;
    operand.words[0x401] = 6;
    expect([vram.words[0x3ffc / 4], vram.words[0x5000 / 4]]).toEqual([1, 3]);
    operand.store();
    expect([vram.words[0x3ffc / 4], vram.words[0x5000 / 4]]).toEqual([4, 6]);
    expect(new Uint32Array(host.ram.buffer)[0]).toBe(0x3f800000);
  });

  it('is a rectangle of words with its stride in words', () => {
    operand.map(space, 0x10, 0x40, false);
    operand.load();
    expect(operand.surface(32, 4, 2)).toMatchObject({
      base: 0x2010 / 4,
      stride: 8,
      width: 4,
      height: 2,
    });
  });
});
