import { beforeEach, describe, expect, it } from 'vitest';
import {
  copy,
  DATA,
  DATA_VRAM,
  fence,
  fill,
  indirect,
  nop,
  READ_ONLY,
  reg,
  Rig,
  RING,
  RING_SIZE,
  state,
  SYSTEM,
  SYSTEM_RAM,
  wait,
} from './rig.ts';

/* Reasons and opcodes are the datasheet's, in decimal and hexadecimal. */

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  rig.start(0);
});

/** What became of a packet: reason, opcode, address, packet. */
function faultOf(...packet: number[]): number[] {
  rig.submit(0, packet, fence(1));
  rig.host.settle();
  return rig.fault(0);
}

describe('a fault', () => {
  it('stops the channel at the packet, tells why and where, and interrupts', () => {
    rig.submit(0, nop(), [0x000100ff], fence(1));
    rig.host.settle();
    expect(rig.state(0)).toBe(state.FAULTED);
    expect(rig.fault(0)).toEqual([5, 0xff, 0xff, RING + 4]);
    expect([rig.get(0, reg.HEAD), rig.get(0, reg.FENCE)]).toEqual([4, 0]);
    expect([rig.get(0, reg.INTERRUPT), rig.vectors]).toEqual([2, [0]]);
    expect(rig.host.traced('fault')).toEqual([[0, 5]]);
    expect([rig.bell.counts.faults, rig.bell.counts.hangs]).toEqual([1, 0]);
  });

  it('takes no interrupt when none is wanted', () => {
    rig.set(0, reg.INTERRUPT_ENABLE, 5);
    faultOf(0x000100ff);
    expect([rig.get(0, reg.INTERRUPT), rig.vectors]).toEqual([2, []]);
  });

  it('in an indirect buffer names the packet there; HEAD stays at the INDIRECT', () => {
    rig.setVram(DATA_VRAM, ...nop(), 0x000100ff);
    rig.submit(0, nop(), indirect(DATA, 2));
    rig.host.settle();
    expect(rig.fault(0)).toEqual([5, 0xff, 0xff, DATA + 4]);
    expect(rig.get(0, reg.HEAD)).toBe(4);
  });

  it('comes before any byte is touched', () => {
    // 256 pages from DATA on are there; the row reaches 4 bytes beyond them.
    expect(faultOf(...fill(DATA + 0xff000, 4100, 7))).toEqual([1, 0x10, DATA + 0x100000, RING]);
    expect(rig.vram(DATA_VRAM + 0xff000)).toBe(0);
  });
});

describe('BAD_OPCODE', () => {
  it.each([0x05, 0x0f, 0x13, 0x26, 0x32, 0xfe])('is for a packet that none is', (opcode) => {
    expect(faultOf(0x00010000 | opcode)).toEqual([5, opcode, opcode, RING]);
  });
});

describe('UNSUPPORTED', () => {
  it.each([0x30, 0x31])('is for the compute engine', (opcode) => {
    expect(faultOf(0x00020000 | opcode, 0)).toEqual([13, opcode, opcode, RING]);
  });
});

describe('BAD_LENGTH', () => {
  it.each([
    ['no words at all', 0x00000000, 0],
    ['a FENCE of two words', 0x00020002, 2],
    ['a FENCE of four words', 0x00040002, 4],
    ['a fill of five words', 0x00050010, 5],
    ['a draw of seven words', 0x00070025, 7],
  ])('is for %s', (_name, header, words) => {
    expect(faultOf(header, 0, 0, 0, 0, 0, 0)).toEqual([6, header & 0xff, words, RING]);
  });

  it('is for a packet that reaches past the tail', () => {
    rig.push(0, fence(1));
    rig.ring(0, 8);
    expect(rig.fault(0)).toEqual([6, 2, 3, RING]);
  });

  it('is for a packet that reaches past the end of the ring', () => {
    rig.submit(0, nop(RING_SIZE / 4 - 2));
    rig.host.settle();
    rig.submit(0, fence(1));
    expect(rig.fault(0)).toEqual([6, 2, 3, RING + RING_SIZE - 8]);
  });

  it('is for a packet that reaches past the end of its buffer', () => {
    rig.setVram(DATA_VRAM, ...nop(), ...fence(1));
    rig.submit(0, indirect(DATA, 3));
    rig.host.settle();
    expect(rig.fault(0)).toEqual([6, 2, 3, DATA + 4]);
  });
});

describe('BAD_ARGUMENT', () => {
  const D = DATA;
  it.each([
    ['FENCE.interrupt', fence(1, 2), 2],
    ['a misaligned WAIT', wait(DATA + 2, 1), DATA + 2],
    ['a misaligned INDIRECT', indirect(DATA + 1, 1), DATA + 1],
    ['a misaligned fill', [0x00060010, D + 2, 4, 1, 1, 0], D + 2],
    ['a fill with a misaligned stride', [0x00060010, D, 6, 1, 2, 0], 6],
    ['a fill whose rows overlap', [0x00060010, D, 4, 2, 2, 0], 4],
    ['a fill of too many rows', [0x00060010, D, 4, 1, 0x100001, 0], 0x100001],
    ['a fill of too many words', [0x00060010, D, 4, 0x4000001, 1, 0], 0x4000001],
    ['a fill of all words', [0x00060010, D, 0, 0xffffffff, 0xfffff, 0], 0xffffffff],
    ['a copy whose rows overlap', [0x00070011, D, 8, D, 4, 8, 2], 4],
    ['a copy of too many rows', [0x00070011, D, 1, D, 1, 1, 0x100001], 0x100001],
    ['a copy of too many bytes', [0x00070011, D, 0, D, 0, 0x10000001, 1], 0x10000001],
    ['a blit too wide', [0x000b0012, D, 16388, 4097, 1, D, 4, 1, 1, 0, 0], 16388],
    ['a blit too high', [0x000b0012, D, 4, 1, 4097, D, 4, 1, 1, 0, 0], 4097],
    ['a blit from too wide', [0x000b0012, D, 4, 1, 1, D, 16384, 4097, 1, 0, 0], 4097],
    ['a blit with a misaligned source', [0x000b0012, D, 4, 1, 1, D + 1, 4, 1, 1, 0, 0], D + 1],
    ['a blit with a third filter', [0x000b0012, D, 4, 1, 1, D, 4, 1, 1, 2, 0], 2],
    ['a blit with a third blend', [0x000b0012, D, 4, 1, 1, D, 4, 1, 1, 0, 3], 3],
    ['a target with rows that overlap', [0x00070020, D, 4, 0, 0, 2, 2], 4],
    ['a target with misaligned depth', [0x00070020, D, 8, 2, 8, 2, 2], 2],
    ['a texture with no texels in it', [0x00060023, D, 4, 0, 1, 0], 0],
    ['a texture with a third filter', [0x00060023, 0, 0, 0, 0, 2], 2],
    ['a draw before any target', [0x00060025, D, 3, D, 3, 0], 0],
  ])('is for %s', (_name, packet, value) => {
    expect(faultOf(...packet)).toEqual([7, packet[0] & 0xff, value, RING]);
  });

  it('is for a fence that is misaligned', () => {
    rig.set(0, reg.FENCE_ADDRESS, 0x20002);
    expect(faultOf(...fence(3))).toEqual([7, 2, 0x20002, RING]);
  });

  it.each([
    ['misaligned vertices', [DATA + 1, 3, DATA, 3, 0], DATA + 1],
    ['misaligned indices', [DATA, 3, DATA + 2, 3, 0], DATA + 2],
    ['too many vertices', [DATA, 0x300001, DATA, 3, 0], 0x300001],
    ['too many indices', [DATA, 3, DATA, 0x300001, 0], 0x300001],
    ['an unknown flag', [DATA, 3, DATA, 3, 8], 8],
  ])('is for a draw with %s', (_name, fields, value) => {
    rig.submit(0, [0x00070020, DATA, 8, 0, 0, 2, 2]);
    rig.host.settle();
    expect(faultOf(0x00060025, ...fields)).toEqual([7, 0x25, value, RING + 28]);
  });
});

describe('the doorbell', () => {
  it.each([
    ['misaligned', 6],
    ['at the end of the ring', RING_SIZE],
    ['beyond the ring', 0xfffffffc],
  ])('faults BAD_TAIL with a tail that is %s', (_name, tail) => {
    rig.ring(0, tail);
    expect(rig.state(0)).toBe(state.FAULTED);
    expect(rig.fault(0)).toEqual([8, 0, tail, 0]);
  });

  it('ends a packet that runs with a bad tail, and others go on', () => {
    rig.start(1);
    rig.submit(0, fill(DATA, 4096, 1));
    rig.submit(1, fence(3));
    rig.ring(0, 2);
    expect([rig.state(0), rig.state(1)]).toEqual([state.FAULTED, state.RUNNING]);
    rig.host.settle();
    expect([rig.host.now, rig.get(1, reg.FENCE)]).toEqual([100, 3]);
  });

  it.each([
    ['a size of no power of two', RING, 0x300, 0x300],
    ['a size below 256', RING, 128, 128],
    ['a size above 1 MiB', RING, 0x200000, 0x200000],
    ['no size', RING, 0, 0],
    ['a misaligned address', RING + 0x100, 0x100, RING + 0x100],
    ['an address that reaches beyond 30 bits', 0x40000000, 0x1000, 0x40000000],
  ])('faults BAD_RING with %s', (_name, ring, size, value) => {
    rig.set(0, reg.CONTROL, 0);
    rig.set(0, reg.RING, ring);
    rig.set(0, reg.RING_SIZE, size);
    rig.set(0, reg.CONTROL, 1);
    rig.ring(0, 4);
    expect(rig.fault(0)).toEqual([9, 0, value, 0]);
  });
});

it('RING, RING_SIZE and PAGE_ROOT keep their values while the channel is enabled', () => {
  rig.set(0, reg.RING, 0x50000);
  rig.set(0, reg.RING_SIZE, 0x100);
  rig.set(0, reg.PAGE_ROOT, 3);
  expect([reg.RING, reg.RING_SIZE, reg.PAGE_ROOT].map((at) => rig.get(0, at))).toEqual([
    ...[RING, RING_SIZE, 0x10],
  ]);
  expect(rig.read(0x030)).toBe(0);
  rig.set(0, reg.VECTOR, 9);
  expect(rig.get(0, reg.VECTOR)).toBe(9);
});

it('a ring that was broken while the channel was off faults BAD_RING at its next packet', () => {
  rig.submit(0, nop(), nop());
  rig.set(0, reg.CONTROL, 0);
  rig.host.settle();
  rig.set(0, reg.RING_SIZE, 0);
  rig.set(0, reg.CONTROL, 1);
  expect(rig.fault(0)).toEqual([9, 0, 0, RING + 4]);
});

describe('page faults', () => {
  it('are NOT_PRESENT where nothing is mapped', () => {
    expect(faultOf(...fill(0x80000, 16, 0))).toEqual([1, 0x10, 0x80000, RING]);
  });

  it('are NOT_PRESENT beyond 30 bits', () => {
    expect(faultOf(...fill(0xfffffffc, 16, 0))).toEqual([1, 0x10, 0xfffffffc, RING]);
  });

  it('are NOT_WRITABLE where a destination must not be written, and not for a source', () => {
    rig.submit(0, copy(DATA, READ_ONLY, 16));
    rig.host.settle();
    expect(rig.state(0)).toBe(state.IDLE);
    expect(faultOf(...copy(READ_ONLY, DATA, 16))).toEqual([2, 0x11, READ_ONLY, RING + 28]);
  });

  it('are BAD_ENTRY for a page-table loop', () => {
    rig.setVram(rig.directory(0) + 8, rig.directory(0) | 9, 0);
    expect(faultOf(...fill(0x200000, 16, 0))).toEqual([3, 0x10, 0x200000, RING]);
  });

  it('in the ring itself name the packet', () => {
    rig.map(0, RING, 0, 1, 0);
    expect(faultOf(...nop())).toEqual([1, 0, RING, RING]);
  });
});

describe('BUS', () => {
  it('is for DMA that the bus refuses', () => {
    rig.map(0, SYSTEM, 0x40000000, 1, 7);
    expect(faultOf(...fill(SYSTEM + 8, 16, 0))).toEqual([4, 0x10, SYSTEM + 8, RING]);
    expect(rig.bell.configRead(0x06, 2) & 0x2000).toBe(0);
  });

  it('names the first byte that was refused', () => {
    rig.map(0, SYSTEM + 0x1000, 0x40000000, 1, 7);
    expect(faultOf(...copy(DATA, SYSTEM, 0x2000))).toEqual([4, 0x11, SYSTEM + 0x1000, RING]);
    expect(rig.bell.configRead(0x06, 2) & 0x2000).toBe(0x2000);
  });

  it('is for any DMA while the function is no bus master', () => {
    rig.bell.configWrite(0x04, 2, 0x0002);
    expect(faultOf(...fence(1))).toEqual([4, 2, 0x20000, RING]);
    expect(rig.vectors).toEqual([]);
  });
});

describe('BAD_INDEX', () => {
  it('is for an index at or above the vertex count', () => {
    rig.setVram(DATA_VRAM + 0x1000, 0, 1, 3);
    rig.submit(0, [0x00070020, DATA + 0x2000, 8, 0, 0, 2, 2]);
    rig.host.settle();
    expect(faultOf(0x00060025, DATA, 3, DATA + 0x1000, 3, 0)).toEqual([10, 0x25, 3, RING + 28]);
  });
});

describe('REGISTER', () => {
  const register = (offset: number, value: number): number[] => [0x00030004, offset, value];

  it('faults PRIVILEGED in a channel that is not, whatever it names', () => {
    expect(faultOf(...register(0x028, 7))).toEqual([14, 4, 0x028, RING]);
    expect(rig.read(0x028)).toBe(200_000);
  });

  describe('of a privileged channel', () => {
    beforeEach(() => {
      rig.set(0, reg.CONTROL, 0);
      rig.set(0, reg.CONTROL, 3);
    });

    it('writes the registers that packets may write, in their order', () => {
      rig.submit(
        0,
        register(0x028, 7000),
        ...[register(0x100, 1), register(0x104, 0x00010001), register(0x108, 4)],
        ...[register(0x10c, DATA_VRAM / 4096), register(0x110, 1)],
        fence(1),
      );
      rig.host.settle();
      expect([rig.read(0x028), rig.read(0x114), rig.get(0, reg.FENCE)]).toEqual([7000, 1, 1]);
      expect(rig.host.flips).toHaveLength(1);
    });

    it('forgets translations by TLB_INVALIDATE', () => {
      rig.submit(0, fill(DATA, 4, 1));
      rig.host.settle();
      rig.map(0, DATA, 0x300000, 1, 3);
      rig.submit(0, fill(DATA, 4, 2), register(0x02c, 0), fill(DATA, 4, 3));
      rig.host.settle();
      expect([rig.vram(DATA_VRAM), rig.vram(0x300000)]).toEqual([2, 3]);
    });

    it.each([
      ...[0x000, 0x010, 0x014, 0x02a, 0x030, 0x038, 0x03c, 0x114, 0x118],
      ...[0x4000, 0x4080, 0x10000, 0xffffffff],
    ])('faults BAD_ARGUMENT at 0x%s', (offset) => {
      expect(faultOf(...register(offset, 1))).toEqual([7, 4, offset, RING]);
      expect([rig.read(0x010), rig.read(0x030)]).toEqual([1, 0]);
    });
  });

  it('cannot be had by a channel that is enabled; turning it off does not change that', () => {
    rig.set(0, reg.CONTROL, 3);
    expect(rig.get(0, reg.CONTROL)).toBe(1);
    rig.set(0, reg.CONTROL, 2);
    expect(rig.get(0, reg.CONTROL)).toBe(0);
    rig.set(0, reg.CONTROL, 3);
    rig.set(0, reg.CONTROL, 1);
    expect(rig.get(0, reg.CONTROL)).toBe(3);
    rig.reset(0);
    expect(rig.get(0, reg.CONTROL)).toBe(0);
  });
});

describe('NESTED', () => {
  it('is for an INDIRECT in an indirect buffer', () => {
    rig.setVram(DATA_VRAM, ...indirect(DATA + 64, 1));
    rig.submit(0, indirect(DATA, 3));
    rig.host.settle();
    expect(rig.fault(0)).toEqual([11, 1, DATA + 64, DATA]);
  });

  it('is for a buffer that runs itself', () => {
    rig.setVram(DATA_VRAM, ...indirect(DATA, 3));
    rig.submit(0, indirect(DATA, 3));
    rig.host.settle();
    expect(rig.fault(0)[0]).toBe(11);
  });
});

it('reads rings and buffers from RAM', () => {
  rig.setRam(SYSTEM_RAM, ...fence(5));
  rig.submit(0, indirect(SYSTEM, 3));
  rig.host.settle();
  expect(rig.get(0, reg.FENCE)).toBe(5);
  expect(rig.host.reads).toEqual([[SYSTEM_RAM, 12]]);
});
