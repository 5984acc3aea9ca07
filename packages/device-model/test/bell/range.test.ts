import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Mmu } from '../../src/bell/mmu.ts';
import { Range } from '../../src/bell/range.ts';
import { PagedMemory } from '../../src/paged-memory.ts';
import { FakeHost } from '../fake-host.ts';

const space = { number: 0, pageRoot: 0, window: { base: 0, size: 0x1000000 } };
const PAGES = 32;

let host: FakeHost;
let vram: PagedMemory;
let mmu: Mmu;
let range: Range;

/** Maps virtual page n: an even frame lies in VRAM, an odd one in RAM. */
function mapPage(page: number, frame: number): void {
  const address = (frame >>> 1) * 4096 + (frame % 2 === 0 ? 0x4000 : 0);
  vram.words[1024 + page * 2] = address | 3 | (frame % 2 === 0 ? 0 : 4);
}

beforeEach(() => {
  host = new FakeHost(PAGES * 4096);
  vram = new PagedMemory((PAGES + 4) * 4096);
  mmu = new Mmu(vram);
  range = new Range({ vram, mmu, bus: host.bus });
  vram.words[0] = 0x1000 | 9;
});

describe('a range', () => {
  it('reads what was written to it, wherever its pages are', () => {
    const layout = fc.uniqueArray(fc.nat(2 * PAGES - 1), { minLength: PAGES, maxLength: PAGES });
    fc.assert(
      fc.property(
        layout,
        fc.nat(PAGES * 4096 - 1),
        fc.nat(20_000),
        fc.nat(20_000),
        (frames, va, size, at) => {
          frames.forEach((frame, page) => {
            mapPage(page, frame);
          });
          mmu.invalidateAll();
          const length = Math.min(size, PAGES * 4096 - va);
          range.map(space, va, length, true);
          const offset = Math.min(at, length);
          const bytes = Uint8Array.from({ length: length - offset }, (_, i) => i * 31 + va);
          range.write(offset, bytes);
          const back = new Uint8Array(bytes.length);
          range.read(offset, back);
          expect(Buffer.compare(back, bytes)).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('tells where it is when it is one run of VRAM', () => {
    [0, 2, 4, 3].forEach((frame, page) => {
      mapPage(page, frame);
    });
    range.map(space, 0x123, 0x2000, false);
    expect([range.inVram, range.onBusOnly]).toEqual([0x4123, false]);
    range.map(space, 0x2ffc, 8, false);
    expect([range.inVram, range.onBusOnly]).toEqual([-1, false]);
    range.map(space, 0x3000, 8, false);
    expect([range.inVram, range.onBusOnly]).toEqual([-1, true]);
  });

  it('does not take a bus page that follows a page of VRAM by number for its neighbour', () => {
    // VRAM 0x4000 to 0x4fff, then RAM 0x5000.
    mapPage(0, 0);
    vram.words[1024 + 2] = 0x5000 | 7;
    range.map(space, 0, 0x2000, false);
    expect(range.inVram).toBe(-1);
  });

  it('of no bytes is anywhere', () => {
    range.map(space, 0xfffff000, 0, true);
    expect([range.inVram, range.size]).toEqual([0, 0]);
    range.write(0, new Uint8Array(0));
  });

  it('faults at its first page that cannot be used', () => {
    mapPage(0, 0);
    expect(() => {
      range.map(space, 0x800, 0x2000, false);
    }).toThrow('NOT_PRESENT 0x1000');
  });
});
