import { type BarShape, type DeviceHost } from '@doorbell/abi';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { PagedMemory } from '../src/paged-memory.ts';
import { type FunctionState, PciFunction } from '../src/pci-function.ts';
import { FakeHost } from './fake-host.ts';

/* Offsets are those of PCI Express Base 6.0 §7.5, and of where Probe puts its capabilities. */
const COMMAND = 0x04;
const STATUS = 0x06;
const MEMORY = 0x0002;
const BUS_MASTER = 0x0004;
const INTX_DISABLE = 0x0400;
const PMCSR = 0x40 + 4;
const MSI = 0x50;
const MSIX = 0x70;
const PCIE = 0x80;
const DEVICE_CONTROL = PCIE + 8;
const LINK_CONTROL = PCIE + 16;
const FLR = 0x8000;

const shape = (size: number, is64: boolean, prefetchable: boolean): BarShape => ({
  size,
  is64,
  prefetchable,
});

class Probe extends PciFunction {
  readonly memory = new PagedMemory(0x10000);
  resets = 0;
  register = 0;

  constructor(host: DeviceHost, interruptPin: 0 | 1 = 1) {
    super(host, { vendor: 0x1234, device: 0x5678, revision: 3, classCode: 0x010802, interruptPin });
    this.addPowerManagement(0x40);
    this.addMsi(MSI);
    this.addPcie(PCIE);
    this.addBar({
      index: 0,
      ...shape(0x1000, false, false),
      regions: [
        {
          base: 0,
          size: 4,
          widths: [4],
          read: () => this.register,
          write: (_offset, _width, value) => {
            this.register = value;
          },
        },
      ],
    });
    this.addBar({ index: 2, ...shape(0x10000, true, true), memory: this.memory });
    const regions = this.addMsix(MSIX, 4, 4, 0, 0x800);
    this.addBar({ index: 4, ...shape(0x1000, false, false), regions });
  }

  onTimer(): void {}

  protected onReset(): void {
    this.resets++;
    this.register = 0;
  }

  override signal(vector: number): void {
    super.signal(vector);
  }

  override setLevel(high: boolean): void {
    super.setLevel(high);
  }

  dma(write: boolean): boolean {
    return write ? this.bus.write(0, Uint8Array.of(7)) : this.bus.read(0, new Uint8Array(1));
  }

  readBeyond(): boolean {
    return this.bus.read(1 << 30, new Uint8Array(1));
  }

  save(): FunctionState {
    return this.saveFunction();
  }

  load(state: FunctionState): void {
    this.loadFunction(state);
  }
}

/** A function with a BAR of any shape. */
class OneBar extends PciFunction {
  constructor(host: DeviceHost, index: number, bar: BarShape) {
    super(host, { vendor: 1, device: 1, revision: 0, classCode: 0 });
    this.addBar({ index, ...bar, regions: [] });
  }
  onTimer(): void {}
  protected onReset(): void {}
}

let host: FakeHost;
let probe: Probe;
const command = (value: number): void => {
  probe.configWrite(COMMAND, 2, value);
};
const masked = (vector: number, mask: number): void => {
  probe.barWrite(4, vector * 16 + 12, 4, mask);
};
const enableMsix = (): void => {
  command(MEMORY | BUS_MASTER);
  probe.configWrite(MSIX + 2, 2, 0x8000);
  probe.barWrite(4, 16, 4, 0xfee00000);
  probe.barWrite(4, 24, 4, 0x31);
  masked(1, 0);
};

beforeEach(() => {
  host = new FakeHost(4096);
  probe = new Probe(host);
});

describe('the header', () => {
  it('identifies the function', () => {
    expect(probe.configRead(0, 4)).toBe(0x56781234);
    expect(probe.configRead(8, 4)).toBe(0x01080203);
    expect(probe.configRead(0x3d, 1)).toBe(1);
  });

  it('lists its capabilities', () => {
    expect(probe.configRead(STATUS, 2) & 0x10).toBe(0x10);
    const ids: number[] = [];
    for (let at = probe.configRead(0x34, 1); at !== 0; at = probe.configRead(at + 1, 1)) {
      ids.push(probe.configRead(at, 1));
    }
    expect(ids).toEqual([0x01, 0x05, 0x10, 0x11]);
  });

  it('does nothing after power-on: no decoding, no bus mastering, BARs without addresses', () => {
    expect(probe.configRead(COMMAND, 2)).toBe(0);
    expect([0x10, 0x14, 0x18, 0x1c, 0x20, 0x24].map((at) => probe.configRead(at, 4))).toEqual([
      0, 0, 0x0c, 0, 0, 0,
    ]);
  });
});

describe('BARs', () => {
  it('7.5.1.2.1: tell their size when all ones are written to them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 31 }),
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 0, max: 4 }),
        (bits, is64, prefetchable, index) => {
          const made = new OneBar(host, index, shape(2 ** bits, is64, prefetchable));
          const at = 0x10 + 4 * index;
          made.configWrite(at, 4, 0xffffffff);
          made.configWrite(at + 4, 4, 0xffffffff);
          const low = made.configRead(at, 4);
          expect(low & 0xf).toBe((is64 ? 4 : 0) + (prefetchable ? 8 : 0));
          expect((~(low & ~0xf) >>> 0) + 1).toBe(2 ** bits);
          expect(made.configRead(at + 4, 4)).toBe(is64 ? 0xffffffff : 0);
        },
      ),
    );
  });

  it('tell a size of 4 GiB and more in the high half', () => {
    const made = new OneBar(host, 0, shape(2 ** 34, true, true));
    made.configWrite(0x10, 4, 0xffffffff);
    made.configWrite(0x14, 4, 0xffffffff);
    expect(made.configRead(0x10, 4)).toBe(0x0000000c);
    expect(made.configRead(0x14, 4)).toBe(0xfffffffc);
  });

  it('keep an address, written in bytes or at once', () => {
    probe.configWrite(0x10, 4, 0xe0001abc);
    expect(probe.configRead(0x10, 4)).toBe(0xe0001000);
    probe.configWrite(0x13, 1, 0xd0);
    expect(probe.configRead(0x10, 4)).toBe(0xd0001000);
    probe.configWrite(0x1c, 4, 0x12);
    expect(probe.configRead(0x1c, 4)).toBe(0x12);
  });

  it('read all ones and drop writes until memory decoding is on', () => {
    probe.barWrite(0, 0, 4, 5);
    expect(probe.barRead(0, 0, 4)).toBe(0xffffffff);
    expect(probe.barRead(2, 0, 1)).toBe(0xff);
    expect(probe.barMemory(2)).toBeUndefined();
    command(MEMORY);
    expect(probe.barRead(0, 0, 4)).toBe(0);
    probe.barWrite(0, 0, 4, 5);
    expect(probe.barRead(0, 0, 4)).toBe(5);
    expect(probe.barMemory(2)).toBe(probe.memory);
    expect(probe.barMemory(0)).toBeUndefined();
  });

  it('read all ones where there is none', () => {
    command(MEMORY);
    probe.barWrite(1, 0, 4, 5);
    expect(probe.barRead(1, 0, 4)).toBe(0xffffffff);
    expect(probe.barRead(5, 0, 2)).toBe(0xffff);
  });

  it('tell the host when what is decoded changes, and only then', () => {
    probe.configWrite(0x10, 4, 0xe0000000);
    expect(host.decodeChanges).toBe(0);
    command(MEMORY);
    expect(host.decodeChanges).toBe(1);
    command(MEMORY | BUS_MASTER);
    probe.configWrite(0x10, 4, 0xe0000000);
    expect(host.decodeChanges).toBe(1);
    probe.configWrite(0x10, 4, 0xe0001000);
    expect(host.decodeChanges).toBe(2);
    probe.configWrite(0x1c, 4, 1);
    expect(host.decodeChanges).toBe(3);
    command(0);
    expect(host.decodeChanges).toBe(4);
  });
});

describe('a function that is not a bus master', () => {
  it('has its DMA refused', () => {
    expect([probe.dma(false), probe.dma(true)]).toEqual([false, false]);
    command(BUS_MASTER);
    expect([probe.dma(false), probe.dma(true)]).toEqual([true, true]);
    expect(host.ram[0]).toBe(7);
  });

  it('sends no message', () => {
    enableMsix();
    command(MEMORY);
    probe.signal(1);
    expect(host.messages).toEqual([]);
    expect(probe.barRead(4, 0x800, 4)).toBe(2);
  });

  it('keeps MSI-X pending, though it is unmasked, and sends once when it is a bus master', () => {
    enableMsix();
    masked(1, 1);
    probe.signal(1);
    command(MEMORY);
    masked(1, 0);
    expect(host.messages).toEqual([]);
    expect(probe.barRead(4, 0x800, 4)).toBe(2);
    command(MEMORY | BUS_MASTER);
    expect(host.messages).toEqual([{ address: 0xfee00000, data: 0x31 }]);
    expect(probe.barRead(4, 0x800, 4)).toBe(0);
    command(MEMORY);
    command(MEMORY | BUS_MASTER);
    expect(host.messages).toHaveLength(1);
  });

  it('5.3.1.4: sends what is pending when it is back in D0', () => {
    enableMsix();
    probe.configWrite(PMCSR, 2, 3);
    probe.signal(1);
    expect(host.messages).toEqual([]);
    probe.configWrite(PMCSR, 2, 0);
    expect(host.messages).toEqual([{ address: 0xfee00000, data: 0x31 }]);
  });
});

it('7.5.1.1.4: a read that is refused on the bus sets Received Master Abort, which 1 clears', () => {
  command(BUS_MASTER);
  expect(probe.readBeyond()).toBe(false);
  expect(probe.configRead(STATUS, 2)).toBe(0x2010);
  probe.configWrite(STATUS, 2, 0x2000);
  expect(probe.configRead(STATUS, 2)).toBe(0x0010);
});

describe('INTx', () => {
  it('shows in STATUS and on the line', () => {
    probe.setLevel(true);
    expect(host.lineIsHigh).toBe(true);
    expect(probe.configRead(STATUS, 2) & 8).toBe(8);
    expect(host.traced('interrupt')).toEqual([[-1, 0]]);
    probe.setLevel(false);
    expect(host.lineIsHigh).toBe(false);
    expect(probe.configRead(STATUS, 2) & 8).toBe(0);
  });

  it('7.5.1.1.3: stays silent while it is disabled, and STATUS shows it still', () => {
    command(INTX_DISABLE);
    probe.setLevel(true);
    expect(host.lineIsHigh).toBe(false);
    expect(probe.configRead(STATUS, 2) & 8).toBe(8);
    command(0);
    expect(host.lineIsHigh).toBe(true);
  });

  it('stays silent while MSI or MSI-X is enabled', () => {
    probe.setLevel(true);
    probe.configWrite(MSI + 2, 2, 1);
    expect(host.lineIsHigh).toBe(false);
    probe.configWrite(MSI + 2, 2, 0);
    expect(host.lineIsHigh).toBe(true);
    probe.configWrite(MSIX + 2, 2, 0x8000);
    expect(host.lineIsHigh).toBe(false);
  });

  it('is not there without a pin', () => {
    const pinless = new Probe(host, 0);
    pinless.setLevel(true);
    expect(host.lineIsHigh).toBe(false);
  });
});

describe('messages', () => {
  it('go by MSI when it is enabled', () => {
    command(BUS_MASTER);
    probe.signal(0);
    expect(host.messages).toEqual([]);
    probe.configWrite(MSI + 4, 4, 0xfee01003);
    probe.configWrite(MSI + 8, 4, 2);
    probe.configWrite(MSI + 12, 2, 0x4142);
    probe.configWrite(MSI + 2, 2, 1);
    probe.signal(0);
    expect(host.messages).toEqual([{ address: 0x2_fee01000, data: 0x4142 }]);
    expect(host.traced('interrupt')).toEqual([[0, 0x4142]]);
  });

  it('go by MSI-X when it is enabled, and are traced with their vector', () => {
    enableMsix();
    probe.signal(1);
    expect(host.messages).toEqual([{ address: 0xfee00000, data: 0x31 }]);
    expect(host.traced('interrupt')).toEqual([[1, 0x31]]);
  });

  it('that masks held back go out when configuration space unmasks the function', () => {
    enableMsix();
    probe.configWrite(MSIX + 3, 1, 0xc0);
    probe.signal(1);
    expect(host.messages).toEqual([]);
    expect(probe.barRead(4, 0x800, 4)).toBe(2);
    probe.configWrite(MSIX + 3, 1, 0x80);
    expect(host.messages).toHaveLength(1);
  });

  it('7.7.2.2: the MSI-X capability tells the table size and where table and pending bits are', () => {
    expect(probe.configRead(MSIX + 2, 2)).toBe(3);
    expect(probe.configRead(MSIX + 4, 4)).toBe(4);
    expect(probe.configRead(MSIX + 8, 4)).toBe(0x804);
  });
});

describe('D3hot', () => {
  it('turns decoding, DMA and messages off, and D0 turns them on again', () => {
    enableMsix();
    const changes = host.decodeChanges;
    probe.configWrite(PMCSR, 2, 3);
    expect(probe.barRead(0, 0, 4)).toBe(0xffffffff);
    expect(probe.dma(true)).toBe(false);
    probe.signal(1);
    expect(host.messages).toEqual([]);
    expect(host.decodeChanges).toBe(changes + 1);
    probe.configWrite(PMCSR, 2, 0);
    expect(probe.barRead(0, 0, 4)).toBe(0);
    expect(probe.dma(true)).toBe(true);
    expect(probe.resets).toBe(0);
  });

  it('7.5.2.2: a write of a state that is not there changes nothing', () => {
    probe.configWrite(PMCSR, 2, 1);
    expect(probe.configRead(PMCSR, 2)).toBe(8);
    probe.configWrite(PMCSR, 2, 3);
    probe.configWrite(PMCSR, 2, 2);
    expect(probe.configRead(PMCSR, 2)).toBe(11);
  });
});

describe('function-level reset', () => {
  it('6.6.2: gives everything its reset value, BARs and command too', () => {
    const pristine = probe.save();
    enableMsix();
    probe.configWrite(0x10, 4, 0xe0000000);
    probe.configWrite(0x18, 4, 0xd0000000);
    probe.configWrite(0x3c, 1, 9);
    probe.configWrite(MSI + 4, 4, 0x1000);
    probe.barWrite(0, 0, 4, 5);
    probe.setLevel(true);
    probe.configWrite(DEVICE_CONTROL, 2, FLR);
    expect(probe.resets).toBe(1);
    expect(probe.save()).toEqual(pristine);
    expect(probe.configRead(DEVICE_CONTROL, 2)).toBe(0x2810);
    expect(probe.barRead(0, 0, 4)).toBe(0xffffffff);
    expect(host.lineIsHigh).toBe(false);
    expect(host.traced('reset')).toEqual([[-1, 0]]);
  });

  it('masks every vector and forgets what was pending', () => {
    enableMsix();
    masked(1, 1);
    probe.signal(1);
    probe.configWrite(DEVICE_CONTROL, 2, FLR);
    command(MEMORY | BUS_MASTER);
    expect(probe.barRead(4, 28, 4)).toBe(1);
    expect(probe.barRead(4, 0x800, 4)).toBe(0);
    expect(probe.configRead(MSIX + 2, 2)).toBe(3);
  });

  it('tells the host that nothing is decoded any more', () => {
    command(MEMORY);
    const changes = host.decodeChanges;
    probe.configWrite(DEVICE_CONTROL, 2, FLR);
    expect(host.decodeChanges).toBe(changes + 1);
  });

  it('6.6.2: leaves alone what belongs to the link', () => {
    probe.configWrite(DEVICE_CONTROL, 2, 0x0020);
    probe.configWrite(LINK_CONTROL, 2, 0x0043);
    probe.configWrite(DEVICE_CONTROL + 1, 1, 0x80);
    expect(probe.resets).toBe(1);
    expect(probe.configRead(DEVICE_CONTROL, 2)).toBe(0x2830);
    expect(probe.configRead(LINK_CONTROL, 2)).toBe(0x0043);
  });

  it('does not come from a write of the other byte', () => {
    probe.configWrite(DEVICE_CONTROL, 1, 0xff);
    expect(probe.resets).toBe(0);
  });
});

it('loads what it saved without telling the host', () => {
  enableMsix();
  probe.setLevel(true);
  const state = probe.save();
  const other = new Probe(new FakeHost(4096));
  other.load(state);
  expect(other.save()).toEqual(state);
  expect(other.barRead(4, 16, 4)).toBe(0xfee00000);
});
