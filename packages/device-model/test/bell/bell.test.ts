import { serialize } from 'node:v8';
import { beforeEach, describe, expect, it } from 'vitest';
import { DATA, DATA_VRAM, fence, fill, reg, Rig, state } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  rig.start(0);
});

function bytes(text: string): number[] {
  return text.split(/\s+/).map((byte) => parseInt(byte, 16));
}

describe('configuration space', () => {
  const fresh = (at: number, length: number): number[] => {
    const { bell } = new Rig({ vramBytes: 256 << 20, serial: 0x12345678 });
    bell.configWrite(0x04, 2, 0);
    bell.configWrite(0x52, 2, 0);
    return Array.from({ length }, (_, index) => bell.configRead(at + index, 1));
  };

  it('has the header of the datasheet', () => {
    expect(fresh(0, 64)).toEqual(
      bytes(`34 12 11 be 00 00 10 00 01 00 80 03 00 00 00 00
             00 00 00 00 00 00 00 00 0c 00 00 00 00 00 00 00
             00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
             00 00 00 00 40 00 00 00 00 00 00 00 ff 00 00 00`),
    );
  });

  it('has power management, MSI-X with 129 vectors in BAR4, and PCI Express with reset', () => {
    expect(fresh(0x40, 0x60)).toEqual(
      bytes(`01 50 03 00 08 00 00 00 00 00 00 00 00 00 00 00
             11 60 80 00 04 00 00 00 04 20 00 00 00 00 00 00
             10 00 02 00 00 80 00 10 10 28 00 00 04 01 00 00
             00 00 04 01 00 00 00 00 00 00 00 00 00 00 00 00
             00 00 00 00 00 00 00 00 00 00 00 00 1e 00 00 00
             04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00`),
    );
  });

  it('§6.12.1.2: on a board of several functions, may have services that keep them apart', () => {
    const { bell } = new Rig({ multifunction: true, acs: true });
    expect(bell.configRead(0x0e, 1)).toBe(0x80);
    expect(bell.configRead(0x100, 4)).toBe(0x1101_0003);
    expect(bell.configRead(0x110, 4)).toBe(0x0001_000d);
    expect(bell.configRead(0x114, 4)).toBe(0x0000_000c);
    const alone = new Rig().bell;
    expect(alone.configRead(0x0e, 1)).toBe(0);
    expect(alone.configRead(0x100, 4)).toBe(0x0001_0003);
  });

  it('has a serial number', () => {
    expect(fresh(0x100, 12)).toEqual(bytes('03 00 01 00 78 56 34 12 00 00 11 be'));
  });

  it('has BARs of 64 KiB, 512 KiB, 256 MiB and 16 KiB', () => {
    const { bell } = new Rig({ vramBytes: 256 << 20 });
    const sizes = [0x10, 0x14, 0x18, 0x1c, 0x20, 0x24].map((at) => {
      bell.configWrite(at, 4, 0xffffffff);
      return bell.configRead(at, 4);
    });
    expect(sizes).toEqual([0xffff0000, 0xfff80000, 0xf000000c, 0xffffffff, 0xffffc000, 0]);
  });
});

describe('the function registers', () => {
  it('identify the part', () => {
    expect(String.fromCharCode(...[0, 1, 2, 3].map((at) => (rig.read(0) >>> (8 * at)) & 255))).toBe(
      'BELL',
    );
    expect(rig.read(0x004)).toBe(0x00010001);
    expect(rig.read(0x008)).toBe(0x00000380);
    expect(rig.read(0x00c)).toBe(1024);
    rig.write(0x00c, 7);
    expect(rig.read(0x00c)).toBe(1024);
  });

  it('give a time that does not tear', () => {
    rig.host.now = 0x5_ffffffff;
    expect(rig.read(0x020)).toBe(0xffffffff);
    rig.host.now++;
    expect(rig.read(0x024)).toBe(5);
    expect([rig.read(0x020), rig.read(0x024)]).toEqual([0, 6]);
  });

  it('say while a packet is being executed', () => {
    expect(rig.read(0x018)).toBe(0);
    rig.submit(0, fill(DATA, 64, 1));
    expect(rig.read(0x018)).toBe(1);
    rig.host.settle();
    expect(rig.read(0x018)).toBe(0);
  });

  it('read 0 where they are write-only', () => {
    expect([0x014, 0x02c, 0x110].map((at) => rig.read(at))).toEqual([0, 0, 0]);
    expect(rig.get(0, reg.RESET)).toBe(0);
    expect(rig.bell.barRead(1, 0, 4)).toBe(0);
  });
});

describe('a write that means nothing', () => {
  beforeEach(() => {
    rig.write(0x03c, 128);
    rig.write(0x038, 1);
  });

  it.each([
    ['behind the function registers', 0x200, 4],
    ['between the maps', 0x2000, 4],
    ['between the registers of a channel', 0x4040, 4],
    ['behind the last channel', 0x8000, 4],
    ['of two bytes', 0x010, 2],
    ['of one byte to a channel', 0x4000, 1],
    ['that is misaligned', 0x012, 4],
  ] as const)('%s is an error and interrupts', (_name, offset, width) => {
    expect(rig.bell.barRead(0, offset, width)).toBe(2 ** (8 * width) - 1);
    rig.bell.barWrite(0, offset, width, 0);
    expect([rig.read(0x030), rig.read(0x034)]).toEqual([1, offset]);
    expect(rig.vectors).toEqual([128]);
    expect(rig.read(0x010)).toBe(1);
  });

  it('is remembered by the first offset until ERROR is clear', () => {
    rig.write(0x200, 0);
    rig.write(0x204, 0);
    expect(rig.read(0x034)).toBe(0x200);
    rig.write(0x030, 0);
    expect(rig.read(0x030)).toBe(1);
    rig.write(0x030, 1);
    expect(rig.read(0x030)).toBe(0);
    rig.write(0x208, 0);
    expect(rig.read(0x034)).toBe(0x208);
    expect(rig.vectors).toEqual([128, 128]);
  });

  it('does not interrupt unless enabled', () => {
    rig.write(0x038, 0);
    rig.write(0x200, 0);
    expect(rig.read(0x030)).toBe(1);
    expect(rig.vectors).toEqual([]);
  });

  it('is not a write of a read-only register, nor one in BAR1', () => {
    rig.write(0x000, 0);
    rig.bell.barWrite(1, 4, 4, 0);
    rig.bell.barWrite(1, 0, 2, 0);
    expect(rig.read(0x030)).toBe(0);
    expect(rig.bell.barRead(1, 4, 4)).toBe(0xffffffff);
    expect(rig.bell.counts.doorbells).toBe(0);
  });
});

describe('RESET', () => {
  it('resets the registers and every channel, and leaves VRAM and MSI-X alone', () => {
    rig.start(127);
    rig.write(0x028, 5);
    rig.write(0x100, 1);
    rig.submit(0, fill(DATA, 64, 0x55), fence(1));
    rig.write(0x014, 1);
    expect([rig.read(0x010), rig.read(0x028), rig.read(0x100)]).toEqual([0, 200_000, 0]);
    for (const channel of [0, 127]) {
      for (const offset of Object.values(reg)) {
        expect(rig.get(channel, offset)).toBe(0);
      }
    }
    expect(rig.host.pending).toBe(false);
    expect(rig.vram(DATA_VRAM)).toBe(0x55);
    expect(rig.bell.barRead(4, 16, 4)).toBe(0xfee00000);
    expect(rig.host.traced('reset')).toEqual([[-1, 0]]);
  });

  it('needs its bit', () => {
    rig.write(0x014, 2);
    expect(rig.read(0x010)).toBe(1);
  });

  it('of the function by configuration space resets all of it but VRAM', () => {
    rig.submit(0, fill(DATA, 64, 0x55), fence(1));
    rig.bell.configWrite(0x68, 2, 0xa810);
    expect(rig.host.pending).toBe(false);
    expect(rig.read(0)).toBe(0xffffffff);
    rig.bell.configWrite(0x04, 2, 0x0006);
    expect([rig.read(0x010), rig.state(0)]).toEqual([0, state.IDLE]);
    expect(rig.bell.barRead(4, 12, 4)).toBe(1);
    expect(rig.vram(DATA_VRAM)).toBe(0x55);
  });
});

describe('state', () => {
  /** What there is to see from outside. */
  const outside = (seen: Rig): unknown => ({
    memory: [DATA_VRAM, DATA_VRAM + 0x3000].map((at) => seen.vram(at)),
    ram: [0x1000, 0x2000].map((at) => seen.ram(at)),
    registers: Object.values(reg).map((offset) => [seen.get(0, offset), seen.get(1, offset)]),
    counts: seen.bell.save().counts,
    now: seen.host.now,
  });

  it('that was saved in the middle of a packet goes on as if nothing had been', () => {
    rig.start(1);
    rig.submit(0, fill(DATA, 4096, 1), fence(1, 1), fill(DATA + 4, 4096, 2), fence(2, 1));
    rig.submit(1, fill(DATA + 0x3000, 2048, 3), fence(9, 1));
    rig.host.advance(1500);
    const saved = { bell: rig.bell.save(), host: rig.host.save() };
    rig.host.settle();
    const end = outside(rig);
    const messages = [...rig.host.messages];
    expect(rig.get(0, reg.FENCE)).toBe(2);

    const other = new Rig();
    other.bell.load(saved.bell);
    other.host.load(saved.host);
    other.host.settle();
    expect(outside(other)).toEqual(end);
    expect(other.host.messages).toEqual(messages);

    rig.bell.load(saved.bell);
    rig.host.load(saved.host);
    rig.host.settle();
    expect(outside(rig)).toEqual(end);
  });

  it('that was loaded is what was saved', () => {
    rig.submit(0, fill(DATA, 4096, 1), fence(1, 1));
    const saved = rig.bell.save();
    const other = new Rig();
    other.bell.load(saved);
    expect(Buffer.compare(serialize(other.bell.save()), serialize(saved))).toBe(0);
  });
});
