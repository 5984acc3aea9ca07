import { describe, expect, it } from 'vitest';
import {
  bellBars,
  bellIds,
  bellRegisters,
  CHANNELS,
  channelRegisters,
  channelWindow,
  computePackets,
  doorbellRegisters,
  drawPackets,
  faultName,
  faults,
  gpuVa,
  msixLayout,
  packetRegisters,
  PAGE_BYTES,
  pte,
  ringPackets,
  VECTORS,
} from '../src/index.ts';
import { commandNames } from '../src/index.ts';
import { extract, type RegisterMap, type RegisterRow, type RegisterRows } from '../src/register.ts';

/* The datasheet is an interface: what stands here may only grow. */

function resets<R extends RegisterRows>(map: RegisterMap<R>): Record<string, number> {
  return Object.fromEntries(
    map.names
      .map((name): [string, number] => [name, (map.rows[name] as RegisterRow).reset])
      .filter(([, reset]) => reset !== 0),
  );
}
function offsets<R extends RegisterRows>(map: RegisterMap<R>): [string, number][] {
  return map.names.map((name) => [name, (map.rows[name] as RegisterRow).offset]);
}

describe('the function', () => {
  it('is a display controller 1234:be11', () => {
    expect(bellIds).toEqual({ vendor: 0x1234, device: 0xbe11, revision: 1, classCode: 0x038000 });
  });

  it('has BARs of the sizes of the datasheet, each a power of two', () => {
    expect(bellBars).toEqual({
      REGISTERS: { index: 0, size: 64 * 1024 },
      DOORBELLS: { index: 1, size: 512 * 1024 },
      VRAM: { index: 2, size: 256 * 1024 * 1024 },
      MSIX: { index: 4, size: 16 * 1024 },
    });
    for (const { size } of Object.values(bellBars)) {
      expect(Math.log2(size) % 1).toBe(0);
    }
  });

  it('has room for its vectors and their pending bits in BAR4', () => {
    expect(VECTORS).toBe(129);
    expect(msixLayout.table + VECTORS * 16).toBeLessThanOrEqual(msixLayout.pending);
    expect(msixLayout.pending + Math.ceil(VECTORS / 64) * 8).toBeLessThanOrEqual(
      bellBars.MSIX.size,
    );
  });

  it('has room for the registers and doorbells of every channel', () => {
    expect(channelWindow.base + CHANNELS * channelWindow.stride).toBeLessThanOrEqual(
      bellBars.REGISTERS.size,
    );
    expect(bellRegisters.size).toBeLessThanOrEqual(channelWindow.base);
    expect(channelRegisters.size).toBe(channelWindow.stride);
    expect(doorbellRegisters.size).toBe(PAGE_BYTES);
  });
});

describe('registers', () => {
  it('lie where the datasheet has them', () => {
    expect(offsets(bellRegisters)).toEqual([
      ...[
        ['ID', 0x000],
        ['REVISION', 0x004],
        ['CAPS', 0x008],
        ['VRAM_PAGES', 0x00c],
      ],
      ...[
        ['CONTROL', 0x010],
        ['RESET', 0x014],
        ['STATUS', 0x018],
        ['TIME_LO', 0x020],
      ],
      ...[
        ['TIME_HI', 0x024],
        ['WATCHDOG', 0x028],
        ['TLB_INVALIDATE', 0x02c],
        ['ERROR', 0x030],
      ],
      ...[
        ['ERROR_OFFSET', 0x034],
        ['ERROR_ENABLE', 0x038],
        ['ERROR_VECTOR', 0x03c],
      ],
      ...[
        ['SCANOUT_CONTROL', 0x100],
        ['SCANOUT_SIZE', 0x104],
        ['SCANOUT_STRIDE', 0x108],
      ],
      ...[
        ['SCANOUT_PAGE', 0x10c],
        ['SCANOUT_FLIP', 0x110],
        ['SCANOUT_FRAMES', 0x114],
      ],
    ]);
    expect(offsets(channelRegisters)).toEqual([
      ...[
        ['CONTROL', 0x00],
        ['RESET', 0x04],
        ['STATUS', 0x08],
        ['PAGE_ROOT', 0x0c],
      ],
      ...[
        ['RING', 0x10],
        ['RING_SIZE', 0x14],
        ['HEAD', 0x18],
        ['TAIL', 0x1c],
      ],
      ...[
        ['FENCE_ADDRESS', 0x20],
        ['FENCE', 0x24],
        ['INTERRUPT', 0x28],
        ['INTERRUPT_ENABLE', 0x2c],
      ],
      ...[
        ['VECTOR', 0x30],
        ['FAULT', 0x34],
        ['FAULT_ADDRESS', 0x38],
        ['FAULT_PACKET', 0x3c],
      ],
    ]);
    expect(offsets(doorbellRegisters)).toEqual([['TAIL', 0]]);
  });

  it('start disabled: only what identifies the part, and the watchdog, is not zero', () => {
    expect(resets(bellRegisters)).toEqual({
      ID: 0x4c4c4542, // 'B' 'E' 'L' 'L', first letter in the lowest byte
      REVISION: 0x00010001,
      CAPS: 0x00000380, // 128 channels, copy, render
      VRAM_PAGES: 65536,
      WATCHDOG: 200_000,
    });
    expect(resets(channelRegisters)).toEqual({});
  });

  it('say what part it is', () => {
    const { CAPS } = bellRegisters.rows;
    expect(extract(CAPS.bits.CHANNELS, CAPS.reset)).toBe(128);
    expect(extract(CAPS.bits.COPY, CAPS.reset)).toBe(1);
    expect(extract(CAPS.bits.RENDER, CAPS.reset)).toBe(1);
    expect(extract(CAPS.bits.COMPUTE, CAPS.reset)).toBe(0);
  });

  it('let a bit of INTERRUPT be enabled by the same bit of INTERRUPT_ENABLE', () => {
    const { INTERRUPT, INTERRUPT_ENABLE } = channelRegisters.rows;
    for (const cause of ['FENCE', 'FAULT', 'HANG'] as const) {
      expect(INTERRUPT_ENABLE.bits[cause].mask).toBe(INTERRUPT.bits[cause].mask);
    }
  });
});

describe('the GPU MMU', () => {
  it('splits a virtual address of 30 bits into two indexes and an offset', () => {
    expect(gpuVa).toEqual({
      bits: 30,
      directoryShift: 21,
      tableShift: 12,
      entries: 512,
      entryBytes: 8,
    });
    expect(gpuVa.entries * gpuVa.entryBytes).toBe(PAGE_BYTES);
    expect(gpuVa.entries).toBe(2 ** (gpuVa.bits - gpuVa.directoryShift));
    expect(gpuVa.entries).toBe(2 ** (gpuVa.directoryShift - gpuVa.tableShift));
  });

  it('has entries whose fields fill the low word', () => {
    const masks = Object.fromEntries(Object.entries(pte).map(([name, { mask }]) => [name, mask]));
    expect(masks).toEqual({
      VALID: 0x00000001,
      WRITE: 0x00000002,
      SYSTEM: 0x00000004,
      TABLE: 0x00000008,
      RESERVED: 0x00000ff0,
      ADDRESS: 0xfffff000,
    });
  });
});

describe('packets', () => {
  it('have an opcode of their own each', () => {
    const opcodes = [ringPackets, computePackets, drawPackets].flatMap((set) =>
      Object.values<{ readonly opcode: number }>(set).map(({ opcode }) => opcode),
    );
    expect(new Set(opcodes).size).toBe(opcodes.length);
    expect(Object.values(ringPackets).map(({ opcode }) => opcode)).toEqual([0, 1, 2, 3, 4]);
    expect(Object.values(computePackets).map(({ opcode }) => opcode)).toEqual([0x30, 0x31]);
  });

  it('write none but harmless registers, each by an offset that RESET and CONTROL do not have', () => {
    expect(packetRegisters.map((name) => bellRegisters.rows[name].offset)).toEqual([
      0x028, 0x02c, 0x100, 0x104, 0x108, 0x10c, 0x110,
    ]);
  });

  it('are the commands with one word for each reference', () => {
    expect(drawPackets.fill).toEqual({
      opcode: 0x10,
      words: 6,
      at: { dst: 1, stride: 2, width: 3, height: 4, value: 5 },
    });
    expect(drawPackets.draw).toEqual({
      opcode: 0x25,
      words: 6,
      at: { vertices: 1, vertexCount: 2, indices: 3, indexCount: 4, flags: 5 },
    });
    expect(drawPackets.setTransform.at.m0).toBe(1);
    expect(drawPackets.setTransform.at.m15).toBe(16);
    expect(drawPackets.setTransform.at.lightX).toBe(17);
    expect(drawPackets.setTransform.at.ambient).toBe(20);
    expect(commandNames.map((name) => drawPackets[name].words)).toEqual([
      6, 7, 11, 7, 5, 5, 6, 21, 6,
    ]);
  });
});

describe('faults', () => {
  it('have codes that do not change', () => {
    expect(Object.entries(faults).map(([name, { code }]) => `${code} ${name}`)).toEqual([
      ...['0 NONE', '1 NOT_PRESENT', '2 NOT_WRITABLE', '3 BAD_ENTRY', '4 BUS', '5 BAD_OPCODE'],
      ...['6 BAD_LENGTH', '7 BAD_ARGUMENT', '8 BAD_TAIL', '9 BAD_RING', '10 BAD_INDEX'],
      ...['11 NESTED', '12 HANG', '13 UNSUPPORTED', '14 PRIVILEGED'],
    ]);
  });

  it('are named by their code', () => {
    expect(faultName(3)).toBe('BAD_ENTRY');
    expect(faultName(200)).toBeUndefined();
  });
});
