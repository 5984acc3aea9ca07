/** Requests of a virtio-gpu's driver, word by word as VIRTIO 1.3 §5.7.6.8 to §5.7.6.10 have them. */
import { type Header, message, RGBA, types } from '../virtio/gpu-bytes.ts';

/** x, y, width, height: of struct virtio_gpu_rect, in pixels. */
export type Rect = readonly [x: number, y: number, width: number, height: number];
/** An address and a length: of struct virtio_gpu_mem_entry, in bytes. */
export type Entry = readonly [address: number, bytes: number];

/** A number of 64 bits as two words. */
function wide(value: number): readonly number[] {
  return [value % 2 ** 32, Math.floor(value / 2 ** 32)];
}

function list(entries: readonly Entry[]): readonly number[] {
  return entries.flatMap(([address, bytes]) => [...wide(address), bytes, 0]);
}

export function getDisplayInfo(header?: Header): Uint8Array {
  return message(types.GET_DISPLAY_INFO, [], header);
}

export function getEdid(scanout: number): Uint8Array {
  return message(types.GET_EDID, [scanout, 0]);
}

export function create2d(
  id: number,
  width: number,
  height: number,
  format = RGBA,
  header?: Header,
): Uint8Array {
  return message(types.RESOURCE_CREATE_2D, [id, format, width, height], header);
}

export function unref(id: number): Uint8Array {
  return message(types.RESOURCE_UNREF, [id, 0]);
}

export function setScanout(scanout: number, id: number, rect: Rect): Uint8Array {
  return message(types.SET_SCANOUT, [...rect, scanout, id]);
}

export function flush(id: number, rect: Rect): Uint8Array {
  return message(types.RESOURCE_FLUSH, [...rect, id, 0]);
}

export function transferToHost2d(id: number, rect: Rect, offset = 0, header?: Header): Uint8Array {
  return message(types.TRANSFER_TO_HOST_2D, [...rect, ...wide(offset), id, 0], header);
}

/** @param count  what nr_entries says; else as many as there are. */
export function attachBacking(
  id: number,
  entries: readonly Entry[],
  count = entries.length,
): Uint8Array {
  return message(types.RESOURCE_ATTACH_BACKING, [id, count, ...list(entries)]);
}

export function detachBacking(id: number): Uint8Array {
  return message(types.RESOURCE_DETACH_BACKING, [id, 0]);
}

export function getCapsetInfo(index: number): Uint8Array {
  return message(types.GET_CAPSET_INFO, [index, 0]);
}

export function getCapset(id: number, version: number): Uint8Array {
  return message(types.GET_CAPSET, [id, version]);
}

export function createBlob(id: number, memory: number, entries: readonly Entry[]): Uint8Array {
  const bytes = entries.reduce((sum, [, length]) => sum + length, 0);
  const fixed = [id, memory, 0, entries.length, ...wide(0), ...wide(bytes)];
  return message(types.RESOURCE_CREATE_BLOB, [...fixed, ...list(entries)]);
}

export function setScanoutBlob(
  scanout: number,
  id: number,
  [width, height]: readonly [width: number, height: number],
  format = RGBA,
): Uint8Array {
  const rect = [0, 0, width, height];
  const planes = [4 * width, 0, 0, 0, 0, 0, 0, 0];
  const words = [...rect, scanout, id, width, height, format, 0, ...planes];
  return message(types.SET_SCANOUT_BLOB, words);
}

/** @param capset  in the lower 8 bits of context_init. */
export function ctxCreate(context: number, capset: number): Uint8Array {
  const name = Array<number>(16).fill(0);
  return message(types.CTX_CREATE, [0, capset, ...name], { context });
}

export function ctxDestroy(context: number): Uint8Array {
  return message(types.CTX_DESTROY, [], { context });
}

export function ctxAttachResource(context: number, id: number): Uint8Array {
  return message(types.CTX_ATTACH_RESOURCE, [id, 0], { context });
}

export function submit3d(
  context: number,
  stream: readonly number[],
  header: Header = {},
): Uint8Array {
  return message(types.SUBMIT_3D, [4 * stream.length, 0, ...stream], { ...header, context });
}

export function moveCursor(scanout: number, x: number, y: number): Uint8Array {
  return message(types.MOVE_CURSOR, [scanout, x, y, 0, 0, 0, 0, 0]);
}
