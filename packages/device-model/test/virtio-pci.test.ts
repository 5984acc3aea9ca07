import { type AccessWidth, virtioFeatures } from '@doorbell/abi';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtioPci, type VirtioUpcalls } from '../src/virtio-pci.ts';
import { FakeHost } from './fake-host.ts';
import { FakeVirtioDevice } from './fake-virtio-device.ts';

/* Offsets and values are those of VIRTIO 1.3 §4.1, typed by hand. */
const BAR = 4;
const ISR = 0x1000;
const DEVICE = 0x2000;
const NOTIFY = 0x3000;
const MSIX_CONTROL = 0x98 + 2;
const INTX_STATUS = 8;

let host: FakeHost;
let device: FakeVirtioDevice;
let upcalls: VirtioUpcalls;
let pci: VirtioPci;

function make(made: FakeVirtioDevice): VirtioPci {
  device = made;
  const fn = new VirtioPci(host, {
    classCode: 0x038000,
    make: (given) => {
      upcalls = given;
      return made;
    },
  });
  fn.configWrite(0x04, 2, 6);
  return fn;
}

beforeEach(() => {
  host = new FakeHost();
  pci = make(new FakeVirtioDevice());
});

const read = (offset: number, width: AccessWidth): number => pci.barRead(BAR, offset, width);
const write = (offset: number, width: AccessWidth, value: number): void =>
  pci.barWrite(BAR, offset, width, value);
const config = (offset: number, width: AccessWidth): number => pci.configRead(offset, width);

/** Gives vector `n` the message 0x1000 + n, unmasked, and enables MSI-X. */
function enableMsix(vectors: number): void {
  for (let vector = 0; vector < vectors; vector++) {
    pci.barWrite(1, vector * 16, 4, 0xfee00000);
    pci.barWrite(1, vector * 16 + 8, 4, 0x1000 + vector);
    pci.barWrite(1, vector * 16 + 12, 4, 0);
  }
  pci.configWrite(MSIX_CONTROL, 2, 0x8000);
}
const messages = (): number[] => host.messages.map(({ data }) => data);

/** §4.1.4: the capabilities in the list, by offset. */
function capabilities(): { at: number; id: number; length: number; type: number }[] {
  const found = [];
  for (let at = config(0x34, 1); at !== 0; at = config(at + 1, 1)) {
    found.push({ at, id: config(at, 1), length: config(at + 2, 1), type: config(at + 3, 1) });
  }
  return found;
}

describe('configuration space', () => {
  it('4.1.2.1: has vendor 0x1af4, device 0x1040 and the kind of device, revision 1', () => {
    expect(config(0x00, 4)).toBe(0x10501af4);
    expect(config(0x08, 4)).toBe(0x03800001);
    expect(config(0x2c, 4)).toBe(0x11001af4);
    expect(config(0x3d, 1)).toBe(1);
  });

  it('takes a class and a subsystem', () => {
    const { device: made } = pci;
    const parts = { make: () => made, classCode: 0x010203, subsystemVendor: 7, subsystem: 9 };
    const other = new VirtioPci(host, parts);
    expect(other.configRead(0x08, 4)).toBe(0x01020301);
    expect(other.configRead(0x2c, 4)).toBe(0x00090007);
  });

  it('has BAR1, 4 KiB, and BAR4, 16 KiB of 64 bits and prefetchable', () => {
    const sizes = [0, 1, 2, 3, 4, 5].map((bar) => {
      pci.configWrite(0x10 + 4 * bar, 4, 0xffffffff);
      return config(0x10 + 4 * bar, 4);
    });
    expect(sizes).toEqual([0, 0xfffff000, 0, 0, 0xffffc00c, 0xffffffff]);
  });

  it('4.1.4: has five vendor-specific capabilities of these lengths, where QEMU has them', () => {
    expect(capabilities().filter(({ id }) => id === 9)).toEqual([
      { at: 0x84, id: 9, length: 20, type: 5 },
      { at: 0x70, id: 9, length: 20, type: 2 },
      { at: 0x60, id: 9, length: 16, type: 4 },
      { at: 0x50, id: 9, length: 16, type: 3 },
      { at: 0x40, id: 9, length: 16, type: 1 },
    ]);
  });

  it.each([
    ['common configuration', 0x40, 0x0000],
    ['ISR', 0x50, 0x1000],
    ['device configuration', 0x60, 0x2000],
    ['notification', 0x70, 0x3000],
  ])('4.1.4: the %s is in BAR 4', (_name, at, offset) => {
    expect(config(at + 4, 4)).toBe(0x00000004);
    expect(config(at + 8, 4)).toBe(offset);
    expect(config(at + 12, 4)).toBe(0x1000);
  });

  it('4.1.4.4: queues are 4 bytes apart', () => {
    expect(config(0x70 + 16, 4)).toBe(4);
  });

  it('4.1.4.1: takes no write to a capability but the one for configuration access', () => {
    for (let at = 0x40; at < 0x84; at += 4) {
      const old = config(at, 4);
      pci.configWrite(at, 4, ~old);
      expect(config(at, 4)).toBe(old);
    }
  });

  it('4.1.5.1.2.1: has a vector for each queue and one for the configuration', () => {
    expect(config(0x98, 1)).toBe(0x11);
    expect(config(MSIX_CONTROL, 2) & 0x7ff).toBe(3);
    expect(config(0x98 + 4, 4)).toBe(1);
    expect(config(0x98 + 8, 4)).toBe(0x801);
  });

  it('refuses a device with more queues than the table has room for', () => {
    const queues = (count: number): FakeVirtioDevice =>
      new FakeVirtioDevice(new Array<number>(count).fill(4));
    expect(make(queues(127)).device.queues).toBe(127);
    expect(() => make(queues(128))).toThrow(RangeError);
  });
});

describe('notifications of the device', () => {
  it('4.1.5.2: are a write of the index at the place of the queue, counted and traced', () => {
    write(NOTIFY + 4, 2, 1);
    write(NOTIFY, 2, 0);
    expect(device.notified).toEqual([1, 0]);
    expect(pci.kicks).toBe(2);
    expect(host.traced('kick')).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });

  it('4.1.5.2.1: are nothing else', () => {
    write(NOTIFY, 2, 1);
    write(NOTIFY + 4, 2, 0);
    write(NOTIFY + 2, 2, 0);
    write(NOTIFY + 1, 1, 0);
    write(NOTIFY, 1, 0);
    write(NOTIFY, 4, 0);
    write(NOTIFY + 12, 2, 3);
    write(NOTIFY + 0xffc, 2, 0x3ff);
    expect(read(NOTIFY, 2)).toBe(0);
    expect(device.notified).toEqual([]);
    expect(pci.kicks).toBe(0);
  });

  it('4.1.5.2.1: have 32 bits with NOTIFICATION_DATA', () => {
    device.negotiate(virtioFeatures.NOTIFICATION_DATA);
    write(NOTIFY + 4, 2, 1);
    write(NOTIFY + 4, 4, 0x80050001);
    expect(device.notified).toEqual([1]);
  });
});

describe('notifications of the driver', () => {
  it('4.1.5.3: are ISR bit 0 and INTx without MSI-X, until the ISR is read', () => {
    upcalls.notifyDriver(0);
    expect(host.lineIsHigh).toBe(true);
    expect(config(0x06, 2) & INTX_STATUS).toBe(INTX_STATUS);
    expect(read(ISR, 1)).toBe(1);
    expect(host.lineIsHigh).toBe(false);
    expect(config(0x06, 2) & INTX_STATUS).toBe(0);
    expect(read(ISR, 1)).toBe(0);
  });

  it('4.1.5.4: are ISR bit 1 for the configuration, beside bit 0', () => {
    upcalls.configChanged();
    upcalls.notifyDriver(1);
    expect(read(ISR, 1)).toBe(3);
  });

  it('4.1.4.5: stay when the ISR is read elsewhere or written', () => {
    upcalls.notifyDriver(0);
    expect([read(ISR, 4), read(ISR, 2), read(ISR + 1, 1)]).toEqual([0, 0, 0]);
    write(ISR, 1, 0);
    expect(read(ISR, 1)).toBe(1);
  });

  it('4.1.4.3.1: are forgotten when the driver writes 0 to the status', () => {
    upcalls.notifyDriver(0);
    write(0x14, 1, 0);
    expect(host.lineIsHigh).toBe(false);
    expect(read(ISR, 1)).toBe(0);
  });

  it("4.1.5.3: are the queue's message with MSI-X, and no ISR", () => {
    enableMsix(4);
    write(0x1a, 2, 2);
    upcalls.notifyDriver(0);
    expect(messages()).toEqual([0x1002]);
    expect(read(ISR, 1)).toBe(0);
    expect(host.lineIsHigh).toBe(false);
  });

  it("4.1.4.5.1: are the configuration's message with MSI-X, with ISR bit 1", () => {
    enableMsix(4);
    write(0x10, 2, 3);
    upcalls.configChanged();
    expect(messages()).toEqual([0x1003]);
    expect(host.lineIsHigh).toBe(false);
    expect(read(ISR, 1)).toBe(2);
  });

  it('4.1.5.3.1 and 4.1.5.4.1: are not delivered with MSI-X and no vector', () => {
    enableMsix(4);
    upcalls.notifyDriver(0);
    upcalls.notifyDriver(99);
    upcalls.configChanged();
    expect(messages()).toEqual([]);
    expect(host.lineIsHigh).toBe(false);
  });
});

describe('a function with shared memory and vectors of its own', () => {
  beforeEach(() => {
    const made = new FakeVirtioDevice();
    pci = new VirtioPci(host, {
      classCode: 0x038000,
      sharedPages: 256,
      extraVectors: 8,
      make: (given) => {
        upcalls = given;
        return made;
      },
    });
    pci.configWrite(0x04, 2, 6);
  });

  it('2.10 and 4.1.4.7: says that region 1 is all of BAR 2, 1 MiB of 64 bits', () => {
    const shared = capabilities().find(({ type, id }) => id === 9 && type === 8);
    expect(shared).toEqual({ at: 0xe8, id: 9, length: 24, type: 8 });
    const words = [0xec, 0xf0, 0xf4, 0xf8, 0xfc].map((at) => config(at, 4));
    expect(words).toEqual([0x0102, 0, 0x100000, 0, 0]);
    pci.configWrite(0x18, 4, 0xffffffff);
    pci.configWrite(0x1c, 4, 0xffffffff);
    expect([config(0x18, 4), config(0x1c, 4)]).toEqual([0xfff0000c, 0xffffffff]);
  });

  it('is asked for nothing that is mapped: what traps reads all ones, and stores are lost', () => {
    const changes = host.decodeChanges;
    upcalls.shared?.map(3, { endpoint: pci, bar: 4, offset: 0 });
    expect(host.decodeChanges).toBe(changes + 1);
    pci.barWrite(2, 0x3014, 1, 3);
    expect(pci.barRead(2, 0x3014, 1)).toBe(0xff);
    expect(read(0x14, 1)).toBe(0);
  });

  it('signals the vectors behind those of the queues, and no other by that way', () => {
    expect(config(MSIX_CONTROL, 2) & 0x7ff).toBe(11);
    upcalls.signalVector(4);
    enableMsix(12);
    for (const vector of [0, 3, 4, 11, 12, 0xffff]) {
      upcalls.signalVector(vector);
    }
    expect(messages()).toEqual([0x1004, 0x100b]);
    expect(read(ISR, 1)).toBe(0);
  });

  it('4.1.5.1.2.1: gives none of them to a queue', () => {
    write(0x1a, 2, 4);
    expect(read(0x1a, 2)).toBe(0xffff);
  });
});

describe('device configuration', () => {
  it('4.1.4.3.1: changes the generation when the driver reads what changed', () => {
    const before = read(0x15, 1);
    device.configGeneration++;
    read(DEVICE, 1);
    expect(read(0x15, 1)).not.toBe(before);
  });

  it('4.1.4.6: is read and written in any width, and is 0 beyond its end', () => {
    expect([read(DEVICE, 4), read(DEVICE + 2, 2)]).toEqual([0x04030201, 0x0403]);
    expect([read(DEVICE + 15, 1), read(DEVICE + 16, 4)]).toEqual([16, 0]);
    write(DEVICE + 4, 4, 0xaabbccdd);
    write(DEVICE + 8, 2, 0x1122);
    write(DEVICE + 10, 1, 0x33);
    expect([...device.config.subarray(4, 12)]).toEqual([
      0xdd, 0xcc, 0xbb, 0xaa, 0x22, 0x11, 0x33, 12,
    ]);
  });

  it('4.1.3.1: is not reached by unaligned accesses', () => {
    write(DEVICE + 1, 4, 0xffffffff);
    expect(read(DEVICE + 1, 2)).toBe(0);
    expect(device.config[1]).toBe(2);
  });
});

describe('4.1.4.9: the window in configuration space', () => {
  const CAPABILITY = 0x84;
  const point = (bar: number, offset: number, length: number): void => {
    pci.configWrite(CAPABILITY + 4, 1, bar);
    pci.configWrite(CAPABILITY + 8, 4, offset);
    pci.configWrite(CAPABILITY + 12, 4, length);
  };

  it('reads and writes the structures, though no BAR is decoded', () => {
    pci.configWrite(0x04, 2, 0);
    point(4, 0x16, 2);
    pci.configWrite(CAPABILITY + 16, 4, 0xdead0001);
    point(4, 0x18, 2);
    expect(config(CAPABILITY + 16, 2)).toBe(16);
    point(4, 0x14, 1);
    pci.configWrite(CAPABILITY + 16, 1, 3);
    expect(device.status).toBe(3);
  });

  it('fills as many bytes as its length says', () => {
    point(4, 0, 1);
    pci.configWrite(CAPABILITY + 16, 4, 0x44332211);
    point(4, DEVICE, 2);
    expect(config(CAPABILITY + 16, 4)).toBe(0x44330201);
  });

  it('rings a doorbell and quiets the line', () => {
    point(4, NOTIFY + 4, 2);
    pci.configWrite(CAPABILITY + 16, 2, 1);
    expect(device.notified).toEqual([1]);
    upcalls.notifyDriver(1);
    point(4, ISR, 1);
    expect(config(CAPABILITY + 16, 1)).toBe(1);
    expect(host.lineIsHigh).toBe(false);
  });

  it.each([
    ['another BAR', 1, 0, 4],
    ['no BAR', 9, 0, 4],
    ['a length of 3', 4, 0x14, 3],
    ['a length of 0', 4, 0x14, 0],
    ['an unaligned offset', 4, 0x15, 2],
    ['an offset beyond the BAR', 4, 0xfffffffc, 4],
  ])('does nothing with %s', (_name, bar, offset, length) => {
    point(bar, offset, length);
    pci.configWrite(CAPABILITY + 16, 4, 1);
    expect(device.status).toBe(0);
    expect(() => config(CAPABILITY + 16, 4)).not.toThrow();
  });
});

describe('a function-level reset', () => {
  it('resets the device and the transport', () => {
    write(0x14, 1, 3);
    write(0x16, 2, 1);
    write(0x1c, 2, 1);
    upcalls.notifyDriver(1);
    pci.configWrite(0xa4 + 8, 2, 0x8000);
    expect(device.status).toBe(0);
    expect(host.lineIsHigh).toBe(false);
    expect(pci.isBusMaster).toBe(false);
    pci.configWrite(0x04, 2, 6);
    expect(pci.isBusMaster).toBe(true);
    expect([read(0x16, 2), read(ISR, 1)]).toEqual([0, 0]);
  });
});

describe('save and load', () => {
  it("bring back the transport's registers", () => {
    write(0x10, 2, 1);
    write(0x16, 2, 1);
    write(0x18, 2, 8);
    write(0x24, 4, 0x77);
    write(NOTIFY, 2, 0);
    upcalls.configChanged();
    device.configGeneration++;
    read(DEVICE, 1);
    const state = pci.save();
    const generation = read(0x15, 1);
    write(0x14, 1, 0);
    write(NOTIFY, 2, 0);
    pci.load(state);
    expect([read(0x10, 2), read(0x16, 2), read(0x18, 2), read(0x24, 4)]).toEqual([1, 1, 8, 0x77]);
    expect([read(0x15, 1), read(ISR, 1), pci.kicks]).toEqual([generation, 2, 1]);
  });
});

it('takes any access, and gives unsigned values of its width', () => {
  const width = fc.constantFrom<AccessWidth>(1, 2, 4);
  const word = fc.nat(0xffffffff);
  const place = fc.oneof(
    fc.nat(0x4f),
    fc.nat(0x20).map((at) => NOTIFY + at),
    fc.integer({ min: -8, max: 0x4008 }),
    word,
  );
  const access = fc.record({
    space: fc.constantFrom('bar4', 'bar1', 'config', 'raise'),
    offset: place,
    width,
    value: fc.oneof(word, fc.nat(4)),
  });
  fc.assert(
    fc.property(fc.array(access, { maxLength: 60 }), (accesses) => {
      pci = make(new FakeVirtioDevice());
      const reads: boolean[] = accesses.map(({ space, offset, width: bytes, value }) => {
        if (space === 'raise') {
          upcalls.notifyDriver(value & 7);
          upcalls.configChanged();
          return true;
        }
        if (space === 'config') {
          pci.configWrite(0x40 + (offset % 0xc0), bytes, value);
          return fits(pci.configRead(0x40 + (value % 0xc0), bytes), bytes);
        }
        const bar = space === 'bar4' ? 4 : 1;
        pci.barWrite(bar, offset, bytes, value);
        return fits(pci.barRead(bar, offset, bytes), bytes);
      });
      expect(reads).not.toContain(false);
      expect(device.notified.every((queue) => queue < 3)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

function fits(value: number, width: AccessWidth): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** (8 * width);
}
