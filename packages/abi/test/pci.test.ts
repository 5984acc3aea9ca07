import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acsCapability,
  ariCapability,
  barFlags,
  barMasks,
  barOffset,
  type BarShape,
  bdf,
  capabilityIds,
  capabilityOffset,
  decodeBar,
  extendedCapabilityOffset,
  extendedIds,
  formatBdf,
  msiCapability,
  msixCapability,
  msixEntry,
  pcieCapability,
  pmCapability,
  serialCapability,
  type0Header,
  type1Header,
} from '../src/index.ts';
import {
  RegisterFile,
  type RegisterMap,
  type RegisterRow,
  type RegisterRows,
} from '../src/register.ts';

/** The offsets of a map's registers, as the specification's figure has them. */
function offsets<R extends RegisterRows>(map: RegisterMap<R>): Record<string, number> {
  return Object.fromEntries(
    map.names.map((name) => [name, (map.rows[name] as RegisterRow).offset]),
  );
}

function masks(row: RegisterRow): Record<string, number> {
  return Object.fromEntries(Object.entries(row.bits ?? {}).map(([name, { mask }]) => [name, mask]));
}

/*
 * Expected values are those of the specifications as Linux's include/uapi/linux/pci_regs.h
 * writes them down (PCI_COMMAND, PCI_MSIX_FLAGS, PCI_EXP_DEVCAP, …).
 */

describe('the type 0 header', () => {
  it('PCIe 6.0 §7.5.1: has each register where the figure has it', () => {
    expect(offsets(type0Header)).toEqual({
      VENDOR_ID: 0x00,
      DEVICE_ID: 0x02,
      COMMAND: 0x04,
      STATUS: 0x06,
      REVISION_ID: 0x08,
      PROG_IF: 0x09,
      SUBCLASS: 0x0a,
      BASE_CLASS: 0x0b,
      CACHE_LINE_SIZE: 0x0c,
      LATENCY_TIMER: 0x0d,
      HEADER_TYPE: 0x0e,
      BIST: 0x0f,
      BAR0: 0x10,
      BAR1: 0x14,
      BAR2: 0x18,
      BAR3: 0x1c,
      BAR4: 0x20,
      BAR5: 0x24,
      CARDBUS_CIS: 0x28,
      SUBSYSTEM_VENDOR_ID: 0x2c,
      SUBSYSTEM_ID: 0x2e,
      EXPANSION_ROM: 0x30,
      CAPABILITIES: 0x34,
      INTERRUPT_LINE: 0x3c,
      INTERRUPT_PIN: 0x3d,
      MIN_GNT: 0x3e,
      MAX_LAT: 0x3f,
    });
  });

  it('§7.5.1.1.3: has the bits of the command register', () => {
    expect(masks(type0Header.rows.COMMAND)).toEqual({
      IO: 0x001,
      MEMORY: 0x002,
      BUS_MASTER: 0x004,
      PARITY: 0x040,
      SERR: 0x100,
      INTX_DISABLE: 0x400,
    });
  });

  it('§7.5.1.1.4: has the bits of the status register', () => {
    expect(masks(type0Header.rows.STATUS)).toEqual({
      INTERRUPT: 0x0008,
      CAPABILITIES: 0x0010,
      MASTER_PARITY: 0x0100,
      SIGNALED_TARGET_ABORT: 0x0800,
      RECEIVED_TARGET_ABORT: 0x1000,
      RECEIVED_MASTER_ABORT: 0x2000,
      SIGNALED_SYSTEM_ERROR: 0x4000,
      PARITY: 0x8000,
    });
  });

  it('starts with all that it may do turned off', () => {
    expect(new RegisterFile(type0Header).read(0x04, 2)).toBe(0);
  });

  it('§7.5.1.1.4: clears errors in the status register by writing 1, and nothing else of it', () => {
    const file = new RegisterFile(type0Header);
    file.set('STATUS', 0xf918);
    file.write(0x06, 2, 0x2008);
    expect(file.read(0x06, 2)).toBe(0xd918);
    file.write(0x06, 2, 0xffff);
    expect(file.read(0x06, 2)).toBe(0x0018);
  });

  it('keeps I/O decoding off, since there is no I/O BAR', () => {
    const file = new RegisterFile(type0Header);
    file.write(0x04, 2, 0xffff);
    expect(file.read(0x04, 2)).toBe(0x0546);
  });
});

describe('the type 1 header', () => {
  it('PCIe 6.0 §7.5.1.3: has each register where the figure has it', () => {
    expect(offsets(type1Header)).toEqual({
      VENDOR_ID: 0x00,
      DEVICE_ID: 0x02,
      COMMAND: 0x04,
      STATUS: 0x06,
      REVISION_ID: 0x08,
      PROG_IF: 0x09,
      SUBCLASS: 0x0a,
      BASE_CLASS: 0x0b,
      CACHE_LINE_SIZE: 0x0c,
      LATENCY_TIMER: 0x0d,
      HEADER_TYPE: 0x0e,
      BIST: 0x0f,
      BAR0: 0x10,
      BAR1: 0x14,
      PRIMARY_BUS: 0x18,
      SECONDARY_BUS: 0x19,
      SUBORDINATE_BUS: 0x1a,
      SECONDARY_LATENCY: 0x1b,
      IO_BASE: 0x1c,
      IO_LIMIT: 0x1d,
      SECONDARY_STATUS: 0x1e,
      MEMORY_BASE: 0x20,
      MEMORY_LIMIT: 0x22,
      PREFETCH_BASE: 0x24,
      PREFETCH_LIMIT: 0x26,
      PREFETCH_BASE_HI: 0x28,
      PREFETCH_LIMIT_HI: 0x2c,
      IO_BASE_HI: 0x30,
      IO_LIMIT_HI: 0x32,
      CAPABILITIES: 0x34,
      EXPANSION_ROM: 0x38,
      INTERRUPT_LINE: 0x3c,
      INTERRUPT_PIN: 0x3d,
      BRIDGE_CONTROL: 0x3e,
    });
  });

  it('says that it is a bridge, whose prefetchable window has 64 bits', () => {
    const { HEADER_TYPE, PREFETCH_BASE, PREFETCH_LIMIT, BRIDGE_CONTROL } = type1Header.rows;
    expect(HEADER_TYPE.reset).toBe(1);
    expect(PREFETCH_BASE.reset & 0xf).toBe(1);
    expect(PREFETCH_LIMIT.reset & 0xf).toBe(1);
    expect(masks(BRIDGE_CONTROL).SECONDARY_BUS_RESET).toBe(0x40);
  });
});

describe('a base address register', () => {
  it('lies behind the ones before it', () => {
    expect([0, 1, 2, 3, 4, 5].map(barOffset)).toEqual([0x10, 0x14, 0x18, 0x1c, 0x20, 0x24]);
  });

  const known: [string, BarShape, number, number][] = [
    ['64 KiB', { size: 0x10000, is64: false, prefetchable: false }, 0xffff0000, 0],
    ['16 bytes', { size: 16, is64: false, prefetchable: false }, 0xfffffff0, 0],
    ['16 MiB, prefetchable', { size: 16 << 20, is64: false, prefetchable: true }, 0xff000008, 0],
    [
      '64 MiB in 64 bits',
      { size: 64 << 20, is64: true, prefetchable: true },
      0xfc00000c,
      0xffffffff,
    ],
    ['4 GiB in 64 bits', { size: 2 ** 32, is64: true, prefetchable: true }, 0x0000000c, 0xffffffff],
    [
      '16 GiB in 64 bits',
      { size: 2 ** 34, is64: true, prefetchable: false },
      0x00000004,
      0xfffffffc,
    ],
  ];
  it.each(known)('§7.5.1.2.1: of %s answers the sizing handshake', (_name, shape, low, high) => {
    const { low: lowMask, high: highMask } = barMasks(shape);
    expect((lowMask | barFlags(shape)) >>> 0).toBe(low);
    expect(highMask).toBe(high);
    expect(decodeBar(low, high)).toEqual(shape);
  });

  const anyShape = fc
    .record({
      is64: fc.boolean(),
      exponent: fc.integer({ min: 4, max: 51 }),
      prefetchable: fc.boolean(),
    })
    .map(({ is64, exponent, prefetchable }): BarShape => ({
      size: 2 ** (is64 ? exponent : Math.min(exponent, 31)),
      is64,
      prefetchable,
    }));

  it('decodes to the shape that it was made from', () => {
    fc.assert(
      fc.property(anyShape, (shape) => {
        const { low, high } = barMasks(shape);
        expect(decodeBar((low | barFlags(shape)) >>> 0, high)).toEqual(shape);
      }),
    );
  });

  it('holds exactly the addresses that are multiples of its size', () => {
    fc.assert(
      fc.property(
        anyShape,
        fc.nat(0xffffffff),
        fc.nat(0xffffffff),
        (shape, lowWritten, highWritten) => {
          const { low, high } = barMasks(shape);
          const held =
            BigInt((lowWritten & low) >>> 0) | (BigInt((highWritten & high) >>> 0) << 32n);
          const written = BigInt(lowWritten) | (BigInt(shape.is64 ? highWritten : 0) << 32n);
          expect(held).toBe(written - (written % BigInt(shape.size)));
        },
      ),
    );
  });

  it.each([
    ['reads zero', 0, 0xffffffff],
    ['decodes I/O', 0xffffff01, 0],
    ['has no address bits', 0x0000000c, 0],
    ['has no address bits in 32', 0x00000008, 0xffffffff],
  ])('is not there when it %s', (_name, low, high) => {
    expect(decodeBar(low, high)).toBeUndefined();
  });

  it('decodes whatever a device answers without a size that is not positive', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), (low, high) => {
        expect(decodeBar(low, high)?.size ?? 1).toBeGreaterThan(0);
      }),
    );
  });
});

describe('capabilities', () => {
  it('have the ids of PCI Code and ID Assignment 1.11 §2 and §3', () => {
    expect(capabilityIds).toEqual({ PM: 1, MSI: 5, PCIE: 16, MSIX: 17 });
    expect(extendedIds).toEqual({ AER: 1, SERIAL: 3, ACS: 13, ARI: 14, SRIOV: 16 });
    for (const [map, id] of [
      [pmCapability, 0x01],
      [msiCapability, 0x05],
      [pcieCapability, 0x10],
      [msixCapability, 0x11],
    ] as const) {
      expect(map.rows.ID.reset).toBe(id);
      expect([map.rows.ID.offset, map.rows.NEXT.offset]).toEqual([0, 1]);
    }
  });

  it('§7.5.2: power management', () => {
    expect(offsets(pmCapability)).toEqual({ ID: 0, NEXT: 1, PMC: 2, PMCSR: 4 });
    expect(pmCapability.size).toBe(8);
    expect(masks(pmCapability.rows.PMCSR)).toEqual({
      POWER_STATE: 0x0003,
      NO_SOFT_RESET: 0x0008,
      PME_STATUS: 0x8000,
    });
  });

  it('§7.7.1: MSI with a 64-bit address', () => {
    expect(offsets(msiCapability)).toEqual({
      ID: 0,
      NEXT: 1,
      CONTROL: 2,
      ADDRESS_LO: 4,
      ADDRESS_HI: 8,
      DATA: 12,
    });
    expect(masks(msiCapability.rows.CONTROL)).toEqual({
      ENABLE: 0x0001,
      MULTIPLE_CAPABLE: 0x000e,
      MULTIPLE_ENABLE: 0x0070,
      ADDRESS_64: 0x0080,
    });
    expect(masks(msiCapability.rows.ADDRESS_LO)).toEqual({ ADDRESS: 0xfffffffc });
    expect(new RegisterFile(msiCapability).read(2, 2)).toBe(0x0080);
  });

  it('§7.7.2: MSI-X, disabled, and each vector masked at reset', () => {
    expect(offsets(msixCapability)).toEqual({ ID: 0, NEXT: 1, CONTROL: 2, TABLE: 4, PENDING: 8 });
    expect(masks(msixCapability.rows.CONTROL)).toEqual({
      TABLE_SIZE: 0x07ff,
      FUNCTION_MASK: 0x4000,
      ENABLE: 0x8000,
    });
    expect(masks(msixCapability.rows.TABLE)).toEqual({ BIR: 0x00000007, OFFSET: 0xfffffff8 });
    expect(masks(msixCapability.rows.PENDING)).toEqual({ BIR: 0x00000007, OFFSET: 0xfffffff8 });
    expect(offsets(msixEntry)).toEqual({ ADDRESS_LO: 0, ADDRESS_HI: 4, DATA: 8, CONTROL: 12 });
    expect(msixEntry.size).toBe(16);
    expect(new RegisterFile(msixEntry).read(12, 4)).toBe(1);
  });

  it('§7.5.3: PCI Express', () => {
    expect(offsets(pcieCapability)).toEqual({
      ID: 0x00,
      NEXT: 0x01,
      CAPABILITIES: 0x02,
      DEVICE_CAPABILITIES: 0x04,
      DEVICE_CONTROL: 0x08,
      DEVICE_STATUS: 0x0a,
      LINK_CAPABILITIES: 0x0c,
      LINK_CONTROL: 0x10,
      LINK_STATUS: 0x12,
      DEVICE_CAPABILITIES_2: 0x24,
      DEVICE_CONTROL_2: 0x28,
      LINK_CAPABILITIES_2: 0x2c,
      LINK_CONTROL_2: 0x30,
    });
    expect(pcieCapability.size).toBe(0x3c);
    expect(masks(pcieCapability.rows.DEVICE_CAPABILITIES)).toEqual({
      MAX_PAYLOAD: 0x00000007,
      ROLE_BASED_ERRORS: 0x00008000,
      FLR: 0x10000000,
    });
    expect(masks(pcieCapability.rows.DEVICE_CONTROL)).toEqual({
      ERROR_REPORTING: 0x000f,
      RELAXED_ORDERING: 0x0010,
      MAX_PAYLOAD: 0x00e0,
      NO_SNOOP: 0x0800,
      MAX_READ: 0x7000,
      FLR: 0x8000,
    });
    expect(masks(pcieCapability.rows.DEVICE_STATUS)).toEqual({
      CORRECTABLE: 0x01,
      NON_FATAL: 0x02,
      FATAL: 0x04,
      UNSUPPORTED: 0x08,
      PENDING: 0x20,
    });
    expect(masks(pcieCapability.rows.LINK_STATUS)).toEqual({ SPEED: 0x000f, WIDTH: 0x03f0 });
  });

  it('§7.5.3.4: the bit that resets the function reads 0 and is not stored', () => {
    const file = new RegisterFile(pcieCapability);
    file.write(8, 2, 0x8000);
    expect(file.read(8, 2) & 0x8000).toBe(0);
  });

  it('§7.9.3: a serial number', () => {
    expect(offsets(serialCapability)).toEqual({ HEADER: 0, SERIAL_LO: 4, SERIAL_HI: 8 });
    expect(masks(serialCapability.rows.HEADER)).toEqual({
      ID: 0x0000ffff,
      VERSION: 0x000f0000,
      NEXT: 0xfff00000,
    });
    expect(serialCapability.rows.HEADER.reset).toBe(0x00010003);
  });
});

describe('extended capabilities', () => {
  it('§7.7.11: access control services, all off at reset', () => {
    expect(acsCapability.rows.HEADER.reset).toBe(0x0001000d);
    expect(offsets(acsCapability)).toEqual({ HEADER: 0, CAPABILITY: 4, CONTROL: 6 });
    const flags = {
      SOURCE_VALIDATION: 0x01,
      TRANSLATION_BLOCKING: 0x02,
      REQUEST_REDIRECT: 0x04,
      COMPLETION_REDIRECT: 0x08,
      UPSTREAM_FORWARDING: 0x10,
      EGRESS_CONTROL: 0x20,
      DIRECT_TRANSLATED: 0x40,
    };
    expect(masks(acsCapability.rows.CAPABILITY)).toEqual(flags);
    expect(masks(acsCapability.rows.CONTROL)).toEqual(flags);
    expect(acsCapability.rows.CONTROL.reset).toBe(0);
  });

  it('§7.8.8: alternative routing-ID interpretation', () => {
    expect(ariCapability.rows.HEADER.reset).toBe(0x0001000e);
    expect(masks(ariCapability.rows.CAPABILITY).NEXT_FUNCTION).toBe(0xff00);
  });

  it('§7.6.3: are found by their ids, as the list has them', () => {
    const words = new Map([
      [0x100, 0x14010003],
      [0x140, 0x2401000d],
      [0x240, 0x0001000e],
    ]);
    const read = (offset: number): number => words.get(offset) ?? 0;
    expect(extendedCapabilityOffset(read, 0x0d)).toBe(0x140);
    expect(extendedCapabilityOffset(read, 0x0e)).toBe(0x240);
    expect(extendedCapabilityOffset(read, 0x10)).toBe(0);
    expect(extendedCapabilityOffset(() => 0xffffffff, 0xffff)).toBe(0);
  });

  it('end, though a device links them in a ring', () => {
    expect(extendedCapabilityOffset(() => 0x1000000d, 0x10)).toBe(0);
  });
});

describe('the capability list', () => {
  /** A function whose STATUS says `status`, and whose list begins at `first`: offset, id, next. */
  const find = (status: number, first: number, list: number[][], id: number): number => {
    const bytes = new Map([
      [0x06, status],
      [0x34, first],
      ...list.flatMap(([at, one, next]) => [[at, one] as const, [at + 1, next] as const]),
    ] as readonly (readonly [number, number])[]);
    return capabilityOffset((offset) => bytes.get(offset) ?? 0, id);
  };

  it.each([
    [
      'is walked to the id',
      0x10,
      0x40,
      [
        [0x40, 1, 0x60],
        [0x60, 17, 0],
      ],
      0x60,
    ],
    [
      'has pointers whose two low bits are reserved',
      0x10,
      0x43,
      [
        [0x40, 1, 0x61],
        [0x60, 17, 0],
      ],
      0x60,
    ],
    ['ends without the id', 0x10, 0x40, [[0x40, 1, 0]], 0],
    ['is not there unless STATUS says so', 0, 0x40, [[0x40, 17, 0]], 0],
    [
      'ends at a pointer into the header',
      0x10,
      0x40,
      [
        [0x40, 1, 0x3c],
        [0x3c, 17, 0],
      ],
      0,
    ],
    [
      'ends, though it loops',
      0x10,
      0x40,
      [
        [0x40, 1, 0x60],
        [0x60, 5, 0x40],
      ],
      0,
    ],
    [
      'has room for 48',
      0x10,
      0x40,
      Array.from({ length: 48 }, (_, i) => [0x40 + 4 * i, i === 47 ? 17 : 9, 0x44 + 4 * i]),
      0xfc,
    ],
  ])('§7.5.1.1.11: %s', (_name, status, first, list, at) => {
    expect(find(status, first, list, 0x11)).toBe(at);
  });
});

describe('a routing id', () => {
  it('has bus, device and function at bits 15:8, 7:3 and 2:0', () => {
    expect(bdf(0xab, 0x1f, 7)).toBe(0xabff);
    expect(bdf(1, 0, 0)).toBe(0x0100);
    expect(bdf(0, 2, 3)).toBe(0x0013);
  });

  it('is written as lspci writes it', () => {
    expect(formatBdf(0x0100)).toBe('01:00.0');
    expect(formatBdf(0xabff)).toBe('ab:1f.7');
  });
});
