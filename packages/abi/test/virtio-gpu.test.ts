import { describe, expect, it } from 'vitest';
import type { Fields, Struct } from '../src/layout.ts';
import {
  BELL_CAPSET,
  bellCapset,
  bindFlags,
  blobFlags,
  blobMemory,
  cursorPosition,
  ctrlHeader,
  displayOne,
  EDID_BYTES_MAX,
  FORMAT_R8,
  GPU_EVENT_DISPLAY,
  gpuBox,
  gpuCommandLayouts,
  gpuCommands,
  gpuFlags,
  gpuFormats,
  gpuQueues,
  gpuRect,
  gpuResponseLayouts,
  gpuResponses,
  MAX_SCANOUTS,
  mapCaching,
  memEntry,
  pipeTargets,
  SHM_HOST_VISIBLE,
  virtioGpuConfig,
  virtioGpuFeatures,
} from '../src/virtio-gpu.ts';
import { commandCases, type GoldenCase, responseCases } from './virtio-gpu-golden.ts';

function hexBytes(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (byte) => parseInt(byte, 16));
}

/** Of any type: flags FENCE and INFO_RING_IDX, a fence, a context, ring 63. */
const header = (type: number) => ({
  type,
  flags: 3,
  fence_id: 0x1122334455667788n,
  ctx_id: 0x0a0b0c0d,
  ring_idx: 0x3f,
  padding: new Uint8Array(3),
});

function goldenBytes({ type, size, golden }: GoldenCase): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set([type & 0xff, type >> 8]);
  bytes.set(hexBytes('03 00 00 00 88 77 66 55 44 33 22 11 0d 0c 0b 0a 3f'), 4);
  bytes.set(hexBytes(golden), 24);
  return bytes;
}

function check(layout: Struct<Fields>, golden: GoldenCase): void {
  const value = { hdr: header(golden.type), ...golden.value };
  expect(layout.size).toBe(golden.size);
  expect(layout.encode(value)).toEqual(goldenBytes(golden));
  expect(layout.decode(goldenBytes(golden))).toEqual(value);
}

const layouts: Readonly<Record<string, Struct<Fields>>> = {
  ...gpuCommandLayouts,
  ...gpuResponseLayouts,
};
const cases = { ...commandCases, ...responseCases };
const numbers: Readonly<Record<string, number>> = { ...gpuCommands, ...gpuResponses };

describe('5.7.6: commands and responses', () => {
  it('have each a case here', () => {
    expect(Object.keys(commandCases).sort()).toEqual(Object.keys(gpuCommands).sort());
    expect(Object.keys(responseCases).sort()).toEqual(Object.keys(gpuResponseLayouts).sort());
  });

  it.each(Object.entries(cases))('%s has its number, and its golden bytes', (name, golden) => {
    expect(numbers[name]).toBe(golden.type);
    check(layouts[name], golden);
  });

  it('5.7.6.7: end with these errors', () => {
    const errors = Object.entries(gpuResponses).filter(([name]) => name.startsWith('ERR'));
    expect(errors).toEqual([
      ['ERR_UNSPEC', 0x1200],
      ['ERR_OUT_OF_MEMORY', 0x1201],
      ['ERR_INVALID_SCANOUT_ID', 0x1202],
      ['ERR_INVALID_RESOURCE_ID', 0x1203],
      ['ERR_INVALID_CONTEXT_ID', 0x1204],
      ['ERR_INVALID_PARAMETER', 0x1205],
    ]);
  });
});

describe('parts', () => {
  it('5.7.6.7: the header has 24 bytes', () => {
    expect(ctrlHeader.size).toBe(24);
    expect(ctrlHeader.offsets).toEqual({
      ...{ type: 0, flags: 4, fence_id: 8, ctx_id: 16, ring_idx: 20, padding: 21 },
    });
    expect(ctrlHeader.encode(header(0x1205))).toEqual(
      hexBytes('05 12 00 00 03 00 00 00 88 77 66 55 44 33 22 11 0d 0c 0b 0a 3f 00 00 00'),
    );
  });

  it('5.7.6.8: rectangles, boxes, memory entries, displays and cursor positions', () => {
    const r = { x: 1, y: 2, width: 3, height: 0x80000004 };
    expect(gpuRect.encode(r)).toEqual(hexBytes('01000000 02000000 03000000 04000080'));
    expect(gpuBox.encode({ x: 1, y: 2, z: 3, w: 4, h: 5, d: 6 })).toEqual(
      hexBytes('01000000 02000000 03000000 04000000 05000000 06000000'),
    );
    expect(memEntry.encode({ addr: 0x0102030405060708n, length: 0x11121314, padding: 0 })).toEqual(
      hexBytes('08070605 04030201 14131211 00000000'),
    );
    expect(displayOne.encode({ r, enabled: 1, flags: 2 })).toEqual(
      hexBytes('01000000 02000000 03000000 04000080 01000000 02000000'),
    );
    expect(cursorPosition.encode({ scanout_id: 1, x: 0x102, y: 0x304, padding: 0 })).toEqual(
      hexBytes('01000000 02010000 04030000 00000000'),
    );
  });
});

describe('the device', () => {
  it('5.7.2 and 5.7.3: has two queues and five features', () => {
    expect(gpuQueues).toEqual({ CONTROL: 0, CURSOR: 1 });
    expect(virtioGpuFeatures).toEqual({
      ...{ VIRGL: 0, EDID: 1, RESOURCE_UUID: 2, RESOURCE_BLOB: 3, CONTEXT_INIT: 4 },
    });
  });

  it('5.7.4: has a configuration of 16 bytes, with one event', () => {
    const config = { events_read: 1, events_clear: 2, num_scanouts: 16, num_capsets: 4 };
    const golden = hexBytes('01000000 02000000 10000000 04000000');
    expect(virtioGpuConfig.encode(config)).toEqual(golden);
    expect(virtioGpuConfig.decode(golden)).toEqual(config);
    expect([GPU_EVENT_DISPLAY, MAX_SCANOUTS, EDID_BYTES_MAX]).toEqual([1, 16, 1024]);
  });

  it('5.7.6.7 and 5.7.6.8: numbers flags, formats and blobs so', () => {
    expect(gpuFlags).toEqual({ FENCE: 1, INFO_RING_IDX: 2 });
    expect(gpuFormats).toEqual({
      B8G8R8A8_UNORM: 1,
      B8G8R8X8_UNORM: 2,
      A8R8G8B8_UNORM: 3,
      X8R8G8B8_UNORM: 4,
      R8G8B8A8_UNORM: 67,
      X8B8G8R8_UNORM: 68,
      A8B8G8R8_UNORM: 121,
      R8G8B8X8_UNORM: 134,
    });
    expect(blobMemory).toEqual({ GUEST: 1, HOST3D: 2, HOST3D_GUEST: 3 });
    expect(blobFlags).toEqual({ MAPPABLE: 1, SHAREABLE: 2, CROSS_DEVICE: 4 });
    expect(mapCaching).toEqual({ NONE: 0, CACHED: 1, UNCACHED: 2, WRITE_COMBINED: 3 });
    expect(SHM_HOST_VISIBLE).toBe(1);
  });
});

it("names Gallium's targets and uses as virglrenderer's virgl_hw.h numbers them", () => {
  expect(pipeTargets).toEqual({ BUFFER: 0, TEXTURE_2D: 2 });
  expect(FORMAT_R8).toBe(64);
  expect(bindFlags).toEqual({
    DEPTH_STENCIL: 0x01,
    RENDER_TARGET: 0x02,
    SAMPLER_VIEW: 0x08,
    VERTEX_BUFFER: 0x10,
    INDEX_BUFFER: 0x20,
    SCANOUT: 0x40000,
  });
});

it('has the capset bell, whose id Linux takes', () => {
  const commands = new Uint8Array(32);
  commands[31] = 0x80;
  const golden = new Uint8Array(48);
  golden.set(hexBytes('01000000 00000000 01000000 00200000'));
  golden[47] = 0x80;
  const value = { version: 1, max_buffer_bytes: 1n << 32n, max_image_size: 0x2000, commands };
  expect(bellCapset.encode(value)).toEqual(golden);
  expect(bellCapset.decode(golden)).toEqual(value);
  expect(BELL_CAPSET).toBe(48);
});
