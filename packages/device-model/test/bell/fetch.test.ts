import { beforeEach, describe, expect, it } from 'vitest';
import { Fetch } from '../../src/bell/fetch.ts';
import { Mmu } from '../../src/bell/mmu.ts';
import { Range } from '../../src/bell/range.ts';
import { PagedMemory } from '../../src/paged-memory.ts';
import { FakeHost } from '../fake-host.ts';

const space = { number: 0, pageRoot: 0, window: { base: 0, size: 0x1000000 } };

let host: FakeHost;
let fetch: Fetch;
let range: Range;
const word = (va: number, limit: number): number => fetch.word(space, range, va, limit);

beforeEach(() => {
  host = new FakeHost(4 * 4096);
  const vram = new PagedMemory(2 * 4096);
  vram.words[0] = 0x1000 | 9;
  for (let page = 0; page < 4; page++) {
    vram.words[1024 + page * 2] = (page * 4096) | 5;
  }
  const words = new Uint32Array(host.ram.buffer);
  words.forEach((_, index) => (words[index] = index));
  range = new Range({ vram, mmu: new Mmu(vram), bus: host.bus });
  fetch = new Fetch();
});

describe('Fetch', () => {
  it('reads 256 bytes ahead, in one transfer', () => {
    expect([word(0x100, 0x1000), word(0x104, 0x1000), word(0x1fc, 0x1000)]).toEqual([64, 65, 127]);
    expect(host.reads).toEqual([[0x100, 256]]);
    expect(word(0x200, 0x1000)).toBe(128);
    expect(host.reads).toHaveLength(2);
  });

  it('reads nothing past the limit or the page', () => {
    word(0x100, 0x108);
    word(0xff0, 0x2000);
    expect(host.reads).toEqual([
      [0x100, 8],
      [0xff0, 16],
    ]);
  });

  it('reads anew what it was told to drop', () => {
    word(0, 0x1000);
    new Uint32Array(host.ram.buffer)[0] = 99;
    expect(word(0, 0x1000)).toBe(0);
    fetch.drop();
    expect(word(0, 0x1000)).toBe(99);
  });

  it('keeps what it holds in its state', () => {
    word(0, 0x1000);
    const saved = fetch.save();
    fetch.drop();
    host.ram.fill(0);
    fetch.load(saved);
    expect(word(8, 0x1000)).toBe(2);
  });
});
