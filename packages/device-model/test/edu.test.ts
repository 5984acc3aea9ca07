import type { DeviceHost } from '@doorbell/abi';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Edu } from '../src/edu.ts';

/* Offsets and values are those of QEMU's docs/specs/edu.rst, typed by hand. */
const MSI = 0x40;
const MEMORY = 2;
const BUS_MASTER = 4;

let now: number;
let timers: Map<number, number>;
let ram: Uint8Array;
let refuses: boolean;
let log: string[];
let edu: Edu;

const host: DeviceHost = {
  bus: {
    read: (address, into) => {
      log.push(`read 0x${address.toString(16)}+${into.length}`);
      if (!refuses) {
        into.set(ram.subarray(address, address + into.length));
      }
      return !refuses;
    },
    write: (address, bytes) => {
      log.push(`write 0x${address.toString(16)}+${bytes.length}`);
      if (!refuses) {
        ram.set(bytes, address);
      }
      return !refuses;
    },
    takeLatency: () => 0,
  },
  timers: {
    now: () => now,
    arm: (id, ns) => timers.set(id, now + ns),
    disarm: (id) => timers.delete(id),
  },
  trace: { event: (kind, a, b) => (kind === 'fault' ? log.push(`fault ${a} ${b}`) : 0) },
  display: { flip: () => {} },
  message: (address, data) => log.push(`message 0x${address.toString(16)} ${data}`),
  line: (high) => log.push(high ? 'line high' : 'line low'),
  decodeChanged: () => {},
};

/** Lets time pass and fires what is due. */
function pass(ns: number): void {
  now += ns;
  for (const [id, due] of [...timers].sort(([, a], [, b]) => a - b)) {
    if (due <= now) {
      timers.delete(id);
      edu.onTimer(id);
    }
  }
}
const read = (offset: number): number => edu.barRead(0, offset, 4);
const write = (offset: number, value: number): void => edu.barWrite(0, offset, 4, value);
const MILLISECOND = 1_000_000;

beforeEach(() => {
  now = 0;
  timers = new Map();
  ram = new Uint8Array(1 << 16);
  refuses = false;
  log = [];
  edu = new Edu(host);
  edu.configWrite(0x04, 2, MEMORY | BUS_MASTER);
});

describe('configuration space', () => {
  it('says what QEMU says', () => {
    expect(edu.configRead(0x00, 4)).toBe(0x11e81234);
    expect(edu.configRead(0x08, 4)).toBe(0x00ff0010);
    expect(edu.configRead(0x2c, 4)).toBe(0x11001af4);
    expect(edu.configRead(0x3d, 1)).toBe(1);
    expect(edu.configRead(0x34, 1)).toBe(MSI);
    expect(edu.configRead(MSI, 2)).toBe(0x0005);
    expect(edu.configRead(MSI + 2, 2)).toBe(0x0080);
  });

  it('has one BAR of 1 MiB', () => {
    edu.configWrite(0x10, 4, 0xffffffff);
    expect(edu.configRead(0x10, 4)).toBe(0xfff00000);
    for (const offset of [0x14, 0x18, 0x1c, 0x20, 0x24]) {
      edu.configWrite(offset, 4, 0xffffffff);
      expect(edu.configRead(offset, 4)).toBe(0);
    }
  });
});

describe('registers', () => {
  it('identify the device, version 1.0', () => {
    expect(read(0x00)).toBe(0x010000ed);
    write(0x00, 0);
    expect(read(0x00)).toBe(0x010000ed);
  });

  it('answer the liveness check with the complement', () => {
    expect(read(0x04)).toBe(0);
    write(0x04, 0x12345678);
    expect(read(0x04)).toBe(0xedcba987);
  });

  it.each([0x0c, 0x28, 0x60, 0x64, 0x84, 0x9c, 0xa0, 0x40000, 0xffffc])(
    'read all ones at offset %i, where there is nothing to read',
    (offset) => {
      expect(read(offset)).toBe(0xffffffff);
    },
  );

  it('read 0 and take nothing in another size than 4', () => {
    for (const width of [1, 2] as const) {
      expect(edu.barRead(0, 0x00, width)).toBe(0);
      edu.barWrite(0, 0x04, width, 1);
      edu.barWrite(0, 0x80, width, 1);
    }
    expect(read(0x04)).toBe(0);
    expect(read(0x80)).toBe(0);
  });
});

describe('a factorial', () => {
  const factorial = (n: number): number => {
    write(0x08, n);
    pass(MILLISECOND);
    return read(0x08);
  };

  it.each([
    [0, 1],
    [1, 1],
    [5, 120],
    [12, 479001600],
    [13, 1932053504],
    [20, 2192834560],
    [33, 0x80000000],
    [34, 0],
    [0xffffffff, 0],
  ])('of %i is %i modulo 2^32', (n, expected) => {
    expect(factorial(n)).toBe(expected);
  });

  it('agrees with a product of big integers', () => {
    fc.assert(
      fc.property(fc.nat(40), (n) => {
        let product = 1n;
        for (let factor = 1n; factor <= BigInt(n); factor++) {
          product *= factor;
        }
        expect(factorial(n)).toBe(Number(product % 2n ** 32n));
      }),
    );
  });

  it('takes time, in which STATUS says so and the register ignores writes', () => {
    write(0x08, 5);
    expect(read(0x20)).toBe(0x01);
    expect(read(0x08)).toBe(5);
    write(0x08, 6);
    pass(MILLISECOND);
    expect(read(0x20)).toBe(0);
    expect(read(0x08)).toBe(120);
  });

  it('interrupts only when asked to, and a driver cannot set COMPUTING', () => {
    factorial(3);
    expect(read(0x24)).toBe(0);
    write(0x20, 0xff);
    expect(read(0x20)).toBe(0x80);
    factorial(3);
    expect(read(0x24)).toBe(0x01);
    expect(log).toContain('line high');
  });
});

describe('interrupts', () => {
  it('on the line stay until all are acknowledged', () => {
    write(0x60, 0x3);
    write(0x60, 0x4);
    expect(read(0x24)).toBe(0x7);
    write(0x64, 0x3);
    expect(log).toEqual(['line high']);
    write(0x64, 0x4);
    expect(log).toEqual(['line high', 'line low']);
    expect(read(0x24)).toBe(0);
  });

  it('by MSI send one message for each raise, and leave the line alone', () => {
    edu.configWrite(MSI + 4, 4, 0xfee00000);
    edu.configWrite(MSI + 12, 2, 0x41);
    edu.configWrite(MSI + 2, 2, 1);
    write(0x60, 0x1);
    write(0x60, 0x80000000);
    expect(log).toEqual(['message 0xfee00000 65', 'message 0xfee00000 65']);
    expect(read(0x24)).toBe(0x80000001);
  });

  it('that raise nothing while nothing is raised do nothing', () => {
    write(0x60, 0);
    expect(log).toEqual([]);
  });
});

describe('DMA', () => {
  const start = (source: number, destination: number, bytes: number, command: number): void => {
    write(0x80, source);
    write(0x88, destination);
    write(0x90, bytes);
    write(0x98, command);
  };

  it('moves bytes to the buffer and back, in 100 ms', () => {
    ram.set([1, 2, 3, 4], 0x1000);
    start(0x1000, 0x40000, 4, 1);
    pass(99 * MILLISECOND);
    expect(read(0x98)).toBe(1);
    expect(log).toEqual([]);
    pass(MILLISECOND);
    expect(read(0x98)).toBe(0);
    start(0x40001, 0x2000, 3, 3);
    pass(100 * MILLISECOND);
    expect(ram.subarray(0x2000, 0x2004)).toEqual(Uint8Array.of(2, 3, 4, 0));
    expect(read(0x98)).toBe(2);
    expect(log).toEqual(['read 0x1000+4', 'write 0x2000+3']);
  });

  it('interrupts with 0x100 when asked to', () => {
    start(0x1000, 0x40000, 4, 5);
    pass(100 * MILLISECOND);
    expect(read(0x24)).toBe(0x100);
    expect(log).toEqual(['read 0x1000+4', 'line high']);
  });

  it('ignores its registers while it runs, and a command that does not start one', () => {
    write(0x98, 4);
    expect(read(0x98)).toBe(0);
    start(0x1000, 0x40000, 4, 1);
    start(0x3000, 0x50000, 5, 7);
    expect([read(0x80), read(0x88), read(0x90), read(0x98)]).toEqual([0x1000, 0x40000, 4, 1]);
    pass(100 * MILLISECOND);
    expect(log).toEqual(['read 0x1000+4']);
  });

  it('drops the bits of an address above the 28th', () => {
    start(0xf0001000, 0x40000, 4, 1);
    pass(100 * MILLISECOND);
    expect(log).toEqual(['read 0x1000+4']);
  });

  it.each([
    ['before the buffer', 0x3ffff, 4],
    ['past its end', 0x40ffd, 4],
    ['far beyond', 0xffffffff, 0xffffffff],
    ['longer than it', 0x40000, 4097],
  ])('%s moves nothing, and ends as any other', (_name, address, bytes) => {
    for (const [source, destination, command] of [
      [0x1000, address, 5],
      [address, 0x1000, 7],
    ]) {
      log = [];
      start(source, destination, bytes, command);
      pass(100 * MILLISECOND);
      expect(log).toEqual(['fault 0 7', ...(command === 5 ? ['line high'] : [])]);
      expect(read(0x98)).toBe(command - 1);
      expect(read(0x24)).toBe(0x100);
    }
  });

  it('fills the buffer to its last byte', () => {
    start(0x1000, 0x40000, 4096, 1);
    pass(100 * MILLISECOND);
    expect(log).toEqual(['read 0x1000+4096']);
  });

  it('that the bus refuses moves nothing, and ends as any other', () => {
    refuses = true;
    ram.fill(7);
    start(0x1000, 0x40000, 4, 5);
    pass(100 * MILLISECOND);
    expect(log).toEqual(['read 0x1000+4', 'fault 0 4', 'line high']);
    refuses = false;
    start(0x40000, 0x2000, 4, 3);
    pass(100 * MILLISECOND);
    expect(ram.subarray(0x2000, 0x2004)).toEqual(new Uint8Array(4));
  });

  it('does not reach the bus while the function is no bus master', () => {
    edu.configWrite(0x04, 2, MEMORY);
    start(0x1000, 0x40000, 4, 1);
    pass(100 * MILLISECOND);
    expect(log).toEqual(['fault 0 4']);
  });
});

it('goes on from saved state as it would have', () => {
  ram.set([9, 8, 7], 0x1000);
  write(0x80, 0x1000);
  write(0x88, 0x40000);
  write(0x90, 3);
  write(0x98, 5);
  const saved = edu.save();
  pass(100 * MILLISECOND);
  const after = edu.save();
  write(0x04, 1);
  edu.configWrite(0x04, 2, 0);
  edu.load(saved);
  expect(read(0x98)).toBe(5);
  edu.onTimer(1);
  expect(edu.save()).toEqual(after);
});
