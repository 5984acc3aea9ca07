import { serialize } from 'node:v8';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { fence, fill, nop, reg, rates, wait } from './rig.ts';
import {
  ARI,
  DATA,
  sriov,
  SriovRig,
  SYSTEM,
  VF_CHANNELS,
  VF_ENABLE,
  VF_MSE,
  VF_PAGES,
  VfRig,
} from './sriov-rig.ts';

let rig: SriovRig;
let one: VfRig;
let two: VfRig;

beforeEach(() => {
  rig = new SriovRig();
  [one, two] = rig.enable();
});

const settle = (): void => {
  rig.host.settle();
};

describe('the configuration space of a virtual function', () => {
  it('9.3.4.1: has no ids, no BARs, no INTx, and a memory bit that stays 0', () => {
    const { vf } = one;
    expect(vf.configRead(0, 4)).toBe(0xffffffff);
    vf.configWrite(0x04, 2, 0xffff);
    expect(vf.configRead(0x04, 2) & 0x0407).toBe(0x0004);
    for (let bar = 0x10; bar < 0x28; bar += 4) {
      vf.configWrite(bar, 4, 0xffffffff);
      expect(vf.configRead(bar, 4)).toBe(0);
    }
    vf.configWrite(0x3c, 1, 7);
    expect(vf.configRead(0x3c, 2)).toBe(0);
  });

  it('has MSI-X and PCI Express with reset of its own', () => {
    const { vf } = one;
    expect([0x34, 0x50, 0x51, 0x60, 0x61].map((at) => vf.configRead(at, 1))).toEqual([
      ...[0x50, 0x11, 0x60, 0x10, 0],
    ]);
    expect(vf.configRead(0x64, 4) & (1 << 28)).not.toBe(0);
    // ARI, the last of the extended ones.
    expect(vf.configRead(0x100, 4)).toBe(0x0001000e);
  });
});

describe('a virtual function', () => {
  it('is a bell with the channels and the VRAM of its share', () => {
    expect(one.read(0x000)).toBe(0x4c4c4542);
    expect([one.read(0x008) & 0xff, one.read(0x00c)]).toEqual([VF_CHANNELS, VF_PAGES]);
    expect(rig.bell.barRead(0, 0x008, 4) & 0xff).toBe(128 - 2 * VF_CHANNELS);
    expect(rig.bell.barRead(0, 0x00c, 4)).toBe(1024 - 2 * VF_PAGES);
  });

  it('has VRAM that begins at page 0 and ends with its share', () => {
    one.setVram(0, 0x11111111);
    two.setVram(0, 0x22222222);
    rig.bell.barWrite(2, 0, 4, 0x33333333);
    expect([one, two].map(({ vf }) => vf.barRead(2, 0, 4))).toEqual([0x11111111, 0x22222222]);
    const end = VF_PAGES * 4096;
    one.vf.barWrite(2, end, 4, 1);
    expect(one.vf.barRead(2, end, 4)).toBe(0xffffffff);
    expect(two.vf.barRead(2, 0, 4)).toBe(0x22222222);
    expect(one.vf.barMemory(2)?.size).toBe(end);
  });

  it('draws, fences and interrupts by itself', () => {
    one.submit(fill(DATA, 64, 7), fence(1, 1));
    two.submit(fill(DATA, 64, 8), fence(2, 1));
    settle();
    expect([one.data(0), two.data(0)]).toEqual([7, 8]);
    expect([one.get(reg.FENCE), two.get(reg.FENCE)]).toEqual([1, 2]);
    expect([one, two, rig].map(({ host }) => host.messages.length)).toEqual([1, 1, 0]);
  });

  it('does DMA by its own bus', () => {
    one.submit(fill(SYSTEM, 8, 0x55));
    settle();
    expect([one, two, rig].map(({ host }) => host.writes.length)).toEqual([1, 0, 0]);
    one.vf.configWrite(0x04, 2, 0);
    one.submit(fill(SYSTEM, 8, 0x66));
    two.submit(fill(SYSTEM, 8, 0x77));
    settle();
    expect([one.get(reg.FAULT) & 0xff, two.get(reg.FAULT)]).toEqual([4, 0]);
  });

  it('has a screen of its own', () => {
    two.setVram(0, 0xaabbccdd);
    [0x100, 0x104, 0x108, 0x10c, 0x110].forEach((offset, index) => {
      two.write(offset, [1, 0x00010001, 4, 0, 1][index]);
    });
    expect([...two.host.flips[0].pixels]).toEqual([0xdd, 0xcc, 0xbb, 0xaa]);
    expect([one, rig].map(({ host }) => host.flips.length)).toEqual([0, 0]);
    expect([one.read(0x114), two.read(0x114)]).toEqual([0, 1]);
  });

  it('has no quotas, and says so by its own error register', () => {
    one.write(0x1000, 5);
    expect([one.read(0x030), one.read(0x034)]).toEqual([1, 0x1000]);
    expect([two.read(0x030), rig.bell.barRead(0, 0x030, 4)]).toEqual([0, 0]);
  });

  it('has no channels beyond its share', () => {
    one.write(0x4000 + VF_CHANNELS * 0x80 + reg.VECTOR, 9);
    expect(one.read(0x4000 + VF_CHANNELS * 0x80 + reg.VECTOR)).toBe(0xffffffff);
    expect(one.read(0x034)).toBe(0x4000 + VF_CHANNELS * 0x80 + reg.VECTOR);
    expect(two.get(reg.VECTOR)).toBe(0);
    const { doorbells } = rig.bell.counts;
    for (let page = VF_CHANNELS; page < 128; page++) {
      one.vf.barWrite(1, page * 4096, 4, 4);
    }
    expect(rig.bell.counts.doorbells).toBe(doorbells);
  });
});

describe('a hostile virtual function', () => {
  it.each([
    ['the page behind its own VRAM', VF_PAGES],
    ["the PF's page 0, from behind", 1024 - VF_PAGES],
    ['the last page of the part', 1023],
  ])('cannot map %s', (_name, page) => {
    one.map(DATA, (page << 12) | 3);
    one.submit(fill(DATA, 16, 0xbad));
    settle();
    expect(one.get(reg.FAULT) & 0xff).toBe(3);
    expect(two.get(reg.STATUS)).toBe(0);
  });

  it('cannot put its tables elsewhere', () => {
    one.set(reg.CONTROL, 0);
    one.set(reg.PAGE_ROOT, VF_PAGES + 1);
    one.set(reg.CONTROL, 1);
    one.submit(nop());
    settle();
    expect(one.get(reg.FAULT) & 0xff).toBe(3);
  });

  it('cannot show what is not its own', () => {
    [0x100, 0x104, 0x108, 0x10c, 0x110].forEach((offset, index) => {
      one.write(offset, [1, 0x00010001, 4, VF_PAGES, 1][index]);
    });
    expect(one.host.flips).toHaveLength(0);
  });

  it('does not forget the translations of another', () => {
    two.submit(fill(DATA, 4, 1));
    settle();
    two.map(DATA, 0);
    one.write(0x02c, 0x80000000);
    one.write(0x02c, VF_CHANNELS);
    one.write(0x02c, 4);
    two.submit(fill(DATA, 4, 2));
    settle();
    expect([two.get(reg.FAULT), two.data(0)]).toEqual([0, 2]);
    two.write(0x02c, 0x80000000);
    two.submit(fill(DATA, 4, 3));
    settle();
    expect(two.get(reg.FAULT) & 0xff).toBe(1);
  });

  it('that hangs stops itself alone, at its own watchdog, which the PF bounds', () => {
    one.write(0x028, 5);
    one.submit(wait(DATA, 1));
    two.submit(fill(DATA, 64, 9), fence(1));
    settle();
    expect([one.get(reg.STATUS), two.get(reg.FENCE)]).toEqual([4, 1]);
    expect(rig.host.now).toBeLessThan(10_000);
    rig.bell.barWrite(0, 0x028, 4, 2);
    two.submit(fill(DATA, 4096, 1));
    settle();
    expect(two.get(reg.STATUS)).toBe(4);
  });

  it('writes registers of its own function with a privileged packet, and no others', () => {
    one.set(reg.CONTROL, 0);
    one.set(reg.CONTROL, 3);
    one.submit([0x00030004, 0x028, 77], [0x00030004, 0x1010, 1]);
    settle();
    expect([one.read(0x028), one.get(reg.FAULT) & 0xff]).toEqual([77, 7]);
    expect([two.read(0x028), rig.bell.barRead(0, 0x028, 4)]).toEqual([200_000, 200_000]);
  });
});

describe('whatever one virtual function does', () => {
  const word = fc.nat(0xffffffff);
  /** Registers of the function, of channels, and where a physical one has its quotas. */
  const offset = fc
    .oneof(
      fc.nat(0x47),
      fc.integer({ min: 0x1000, max: 0x107f }),
      fc.integer({ min: 0x400, max: 0x443 }),
    )
    .map((index) => index * 4);
  const step = fc.oneof(
    fc.tuple(fc.constant('bar0' as const), offset, word),
    fc.tuple(fc.constant('entry' as const), fc.nat(511), word),
    fc.tuple(fc.constant('vram' as const), fc.nat(1024 * 1024 - 1), word),
    fc.tuple(fc.constant('doorbell' as const), fc.nat(127), fc.nat(0x1000)),
    fc.tuple(fc.constant('config' as const), fc.nat(0x44), word),
    fc.tuple(fc.constant('submit' as const), fc.nat(200), word),
  );

  function run([what, at, value]: [string, number, number]): void {
    switch (what) {
      case 'bar0':
        one.write(at, value);
        break;
      case 'entry':
        one.map(at << 12, (value & ~0xff0) >>> 0);
        break;
      case 'vram':
        one.setVram(at * 4, value);
        break;
      case 'doorbell':
        one.vf.barWrite(1, at * 4096, 4, value);
        break;
      case 'config':
        one.vf.configWrite(at * 4, 4, value);
        break;
      default:
        one.submit(fill(at << 12, 4096, value), fill(DATA, 64, value), fence(value, 1));
    }
  }

  /** All that the others can see of themselves. */
  function others(): unknown {
    const registers = [0x000, 0x008, 0x00c, 0x010, 0x028, 0x030, 0x034, 0x100, 0x10c, 0x114];
    const channels = Array.from({ length: 16 }, (_, index) => 0x4000 + index * 4);
    const offsets = [...registers, ...channels];
    return {
      two: offsets.map((at) => two.read(at)),
      physical: offsets.map((at) => rig.bell.barRead(0, at, 4)),
      quotas: [0, 1, 2].map((n) => rig.quotaOf(n)),
      config: [0x04, 0x50, 0x68].map((at) => two.vf.configRead(at, 4)),
      vram: Buffer.from(two.vf.barMemory(2)!.bytes).toString('base64'),
      physicalVram: Buffer.from(rig.bell.barMemory(2)!.bytes).toString('base64'),
      messages: [two.host.messages.length, rig.host.messages.length],
      dma: [two.host.writes.length, rig.host.writes.length],
    };
  }

  it('another, and the physical one, have what they had', () => {
    let faults = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        rig = new SriovRig();
        [one, two] = rig.enable();
        two.setVram(0x50000, 1, 2, 3);
        rig.bell.barWrite(2, 0x1000, 4, 4);
        const before = others();
        for (const each of steps) {
          run(each);
          rig.host.advance(3000);
        }
        settle();
        faults += rig.bell.counts.faults;
        expect(others()).toEqual(before);
        two.submit(fill(DATA, 64, 9), fence(7));
        settle();
        expect([two.data(0), two.get(reg.FENCE)]).toEqual([9, 7]);
      }),
      { numRuns: 40 },
    );
    // Some of it went wrong, as was meant.
    expect(faults).toBeGreaterThan(2);
  });
});

describe('function-level reset of a virtual function', () => {
  it('ends its work, its interrupts and its VRAM, while another draws on', () => {
    one.setVram(0x40000, 0x5ec7e7);
    one.submit(fill(DATA, 4096, 1), fence(1, 1));
    two.submit(fill(DATA, 4096, 2), fence(1, 1));
    one.vf.configWrite(0x68, 2, 0x8000);
    expect(one.vf.configRead(0x04, 2)).toBe(0);
    settle();
    expect([one.host.messages.length, two.host.messages.length]).toEqual([0, 1]);
    expect([two.data(0), two.get(reg.FENCE)]).toEqual([2, 1]);
    expect([one.vf.barRead(2, 0x40000, 4), one.read(0x010)]).toEqual([0, 0]);
    one.takeInHand();
    one.submit(fill(DATA, 64, 3), fence(5));
    settle();
    expect([one.data(0), one.get(reg.FENCE)]).toEqual([3, 5]);
  });

  it('RESET stops only its own channels, and CONTROL.ENABLE too', () => {
    one.write(0x010, 0);
    one.submit(fence(1));
    two.submit(fence(1));
    rig.bell.barWrite(0, 0x014, 4, 1);
    settle();
    expect([one.get(reg.FENCE), two.get(reg.FENCE)]).toEqual([0, 1]);
    one.write(0x010, 1);
    settle();
    expect(one.get(reg.FENCE)).toBe(1);
    one.write(0x014, 1);
    expect([one.get(reg.FENCE), two.get(reg.FENCE)]).toEqual([0, 1]);
  });
});

describe('the engines', () => {
  /** How many of the first `count` packets are whose. */
  const shares = (count: number): number[] => {
    const ran = rig.host.traced('packet').slice(0, count);
    return [126 - VF_CHANNELS, 126].map(
      (first) => ran.filter(([channel]) => channel >= first && channel < first + 2).length,
    );
  };

  it('go from function to function by quanta, and switch contexts no more often', () => {
    rig = new SriovRig();
    [one, two] = rig.enable(2, 1);
    // 100 ns each, so ten to a quantum of 1 µs.
    const work = Array.from({ length: 200 }, () => nop());
    one.submit(...work);
    two.submit(...work);
    settle();
    expect(shares(100)).toEqual([50, 50]);
    expect(rig.bell.counts.contextSwitches).toBe(39);
  });

  it('give more to whose quantum is longer', () => {
    rig = new SriovRig();
    rig.quota(1, 2, VF_PAGES, 3);
    rig.quota(2, 2, VF_PAGES, 1);
    rig.bell.configWrite(sriov.NUM_VFS, 2, 2);
    rig.bell.configWrite(sriov.CONTROL, 2, VF_ENABLE | VF_MSE);
    [one, two] = [new VfRig(rig.bell, 1), new VfRig(rig.bell, 2)];
    const work = Array.from({ length: 400 }, () => nop());
    one.submit(...work);
    two.submit(...work);
    settle();
    expect(shares(400)).toEqual([300, 100]);
  });

  it('do not wait for a function that has nothing to do', () => {
    one.submit(...Array.from({ length: 50 }, () => nop()));
    settle();
    expect(rig.host.now).toBe(50 * rates.packet);
  });
});

describe('a physical function', () => {
  it('that turns its virtual functions off takes all of them with it', () => {
    one.submit(fill(DATA, 4096, 1), fence(1, 1));
    rig.bell.configWrite(sriov.CONTROL, 2, 0);
    settle();
    expect([one.vf.configRead(0x00, 4), one.read(0x000)]).toEqual([0xffffffff, 0xffffffff]);
    expect(one.vf.barMemory(2)).toBeUndefined();
    expect([one.host.messages, two.host.messages]).toEqual([[], []]);
    expect([0x008, 0x00c].map((at) => rig.bell.barRead(0, at, 4))).toEqual([0x380, 1024]);
    expect(() => rig.bell.virtualFunction(1, one.host)).toThrow(RangeError);
    one.vf.configWrite(0x68, 2, 0x8000);
    one.write(0x014, 1);
    one.vf.barWrite(1, 0, 4, 4);
    settle();
    expect(rig.bell.barRead(0, 0x030, 4)).toBe(0);
  });

  it('takes them with it when it is reset', () => {
    rig.bell.configWrite(0x68, 2, 0x8000);
    expect(two.vf.configRead(0x00, 4)).toBe(0xffffffff);
    rig.bell.configWrite(0x04, 2, 6);
    expect([rig.quotaOf(0), rig.quotaOf(1)]).toEqual([
      [128, 1024, 1000],
      [0, 0, 1000],
    ]);
    expect(rig.bell.configRead(sriov.NUM_VFS, 2)).toBe(0);
  });

  it('has back what they had: nothing that reaches one of them any more changes it', () => {
    rig.bell.configWrite(sriov.CONTROL, 2, 0);
    const page = 1024 - VF_PAGES;
    rig.bell.barWrite(2, page * 4096, 4, 77);
    rig.bell.barWrite(0, 0x4000 + 127 * 0x80 + reg.VECTOR, 4, 5);
    two.vf.reset();
    two.vf.configWrite(0x68, 2, 0x8000);
    two.write(0x014, 1);
    expect(rig.bell.barRead(2, page * 4096, 4)).toBe(77);
    expect(rig.bell.barRead(0, 0x4000 + 127 * 0x80 + reg.VECTOR, 4)).toBe(5);
  });

  it('gives VRAM and channels to a VF without what was in them', () => {
    const [again] = new SriovRig().enable();
    expect(again.vf.barRead(2, 0x40000, 4)).toBe(0);
    one.setVram(0x40000, 0x5ec7e7);
    one.set(reg.VECTOR, 5);
    rig.bell.configWrite(sriov.CONTROL, 2, 0);
    const pages = 1024 - 2 * VF_PAGES;
    expect(rig.bell.barRead(2, pages * 4096 + 0x40000, 4)).toBe(0);
    rig.bell.barWrite(2, pages * 4096 + 0x50000, 4, 0x5ec7e7);
    [one] = rig.enable();
    expect([one.vf.barRead(2, 0x50000, 4), one.get(reg.VECTOR)]).toEqual([0, 0]);
  });

  it('keeps VF_ENABLE at 0 while the quotas do not fit', () => {
    rig = new SriovRig();
    rig.bell.configWrite(sriov.NUM_VFS, 2, 2);
    for (const [channels, pages] of [
      [65, 10],
      [2, 513],
    ]) {
      rig.quota(1, channels, pages);
      rig.quota(2, channels, pages);
      rig.bell.configWrite(sriov.CONTROL, 2, VF_ENABLE);
      expect(rig.bell.configRead(sriov.CONTROL, 2)).toBe(0);
    }
    rig.quota(1, 64, 512);
    rig.quota(2, 64, 512);
    rig.bell.configWrite(sriov.CONTROL, 2, VF_ENABLE);
    expect(rig.bell.configRead(sriov.CONTROL, 2)).toBe(VF_ENABLE);
    expect(rig.quotaOf(0)).toEqual([0, 0, 1000]);
  });

  it('does not change quotas while they are used', () => {
    rig.quota(1, 9, 9, 9);
    expect(rig.quotaOf(1)).toEqual([VF_CHANNELS, VF_PAGES, 1000]);
    expect(rig.quotaOf(0)).toEqual([124, 512, 1000]);
    rig.bell.barWrite(0, 0x1000 + 17 * 0x10, 4, 1);
    expect(rig.bell.barRead(0, 0x034, 4)).toBe(0x1110);
  });
});

it('a checkpoint of the part and its functions goes on as what it was taken from', () => {
  one.submit(fill(DATA, 4096, 1), fence(1, 1));
  two.submit(wait(DATA, 1), fence(1, 1));
  rig.host.advance(100);
  const state = [rig.bell.save(), one.vf.save(), two.vf.save()] as const;
  const other = new SriovRig();
  const [first, second] = other.enable();
  other.bell.load(state[0]);
  first.vf.load(state[1]);
  second.vf.load(state[2]);
  other.host.load(rig.host.save());
  settle();
  other.host.settle();
  const pages = (saved: ReturnType<typeof rig.bell.save>): string =>
    Buffer.from(serialize(saved.vram.map((page) => page ?? new Uint8Array(4096)))).toString('hex');
  const [mine, its] = [rig.bell.save(), other.bell.save()];
  expect({ ...its, vram: [] }).toEqual({ ...mine, vram: [] });
  expect(pages(its) === pages(mine)).toBe(true);
  expect(first.host.messages).toEqual(one.host.messages);
  expect(first.host.messages).toHaveLength(1);
});

it('ARI moves VF 1 from the next bus to the next function, and does not change under the VFs', () => {
  rig = new SriovRig();
  expect(rig.bell.configRead(sriov.OFFSET, 4)).toBe(0x0001_0100);
  rig.bell.configWrite(sriov.CONTROL, 2, ARI);
  expect(rig.bell.configRead(sriov.OFFSET, 4)).toBe(0x0001_0001);
  rig.bell.configWrite(sriov.CONTROL, 2, ARI | VF_ENABLE);
  rig.bell.configWrite(sriov.CONTROL, 2, VF_ENABLE);
  expect(rig.bell.configRead(sriov.CONTROL, 2)).toBe(ARI | VF_ENABLE);
});
