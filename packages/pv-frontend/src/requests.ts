/**
 * One function per command of the device, named after it (VIRTIO 1.3 §5.7.6.7). Each gives the
 * bytes of the command and says which answer it expects. `fenced` is the only difference between
 * a fenced and an unfenced command.
 */
import {
  blobMemory,
  type ctrlHeader,
  type Decoded,
  gpuCommandLayouts,
  type GpuCommand,
  type GpuCommandName,
  gpuCommands,
  gpuFormats,
  gpuResponseLayouts,
  memEntry,
} from '@doorbell/abi';
import type { Box } from './boxes.ts';

/** Responses with a layout: those that say "done". */
type AnswerName = keyof typeof gpuResponseLayouts;

export interface Request {
  readonly command: GpuCommandName;
  /** The fixed part. */
  readonly head: Uint8Array;
  /** What follows it: memory entries, or a command stream. */
  readonly payload?: Uint8Array;
  readonly answer: AnswerName;
  /** Bytes that the device may write. */
  readonly answerBytes: number;
  readonly fenced: boolean;
}

/** A rectangle in pixels. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A part of memory as the device reaches it. */
export interface MemoryEntry {
  readonly iova: number;
  readonly bytes: number;
}

const PADDING = new Uint8Array(3);

type Header = Decoded<(typeof ctrlHeader)['fields']>;

function header(command: GpuCommandName, context: number): Header {
  const type = gpuCommands[command];
  return { type, flags: 0, fence_id: 0n, ctx_id: context, ring_idx: 0, padding: PADDING };
}

function request(
  command: GpuCommandName,
  head: Uint8Array,
  answer: AnswerName = 'OK_NODATA',
  payload?: Uint8Array,
  data = 0,
): Request {
  const answerBytes = gpuResponseLayouts[answer].size + data;
  return {
    command,
    head,
    answer,
    answerBytes,
    fenced: false,
    ...(payload !== undefined && { payload }),
  };
}

/**
 * The same command, whose response comes when its effect is complete, and not only when the
 * command was understood (§5.7.6.7, VIRTIO_GPU_FLAG_FENCE). The queue numbers it.
 */
export function fenced(plain: Request): Request {
  return { ...plain, fenced: true };
}

// ------------------------------------------------------------------------------ the device

export function getDisplayInfo(): Request {
  const hdr = header('GET_DISPLAY_INFO', 0);
  const head = gpuCommandLayouts.GET_DISPLAY_INFO.encode({ hdr });
  return request('GET_DISPLAY_INFO', head, 'OK_DISPLAY_INFO');
}

export function getEdid(scanout: number): Request {
  const hdr = header('GET_EDID', 0);
  const head = gpuCommandLayouts.GET_EDID.encode({ hdr, scanout, padding: 0 });
  return request('GET_EDID', head, 'OK_EDID');
}

export function getCapsetInfo(index: number): Request {
  const hdr = header('GET_CAPSET_INFO', 0);
  const head = gpuCommandLayouts.GET_CAPSET_INFO.encode({ hdr, capset_index: index, padding: 0 });
  return request('GET_CAPSET_INFO', head, 'OK_CAPSET_INFO');
}

/** @param bytes  room for the capset. */
export function getCapset(id: number, version: number, bytes: number): Request {
  const hdr = header('GET_CAPSET', 0);
  const fields = { hdr, capset_id: id, capset_version: version };
  const head = gpuCommandLayouts.GET_CAPSET.encode(fields);
  return request('GET_CAPSET', head, 'OK_CAPSET', undefined, bytes);
}

// ------------------------------------------------------------------------------ resources

export function resourceCreate2d(resource: number, width: number, height: number): Request {
  const hdr = header('RESOURCE_CREATE_2D', 0);
  const format = gpuFormats.R8G8B8A8_UNORM;
  const fields = { hdr, resource_id: resource, format, width, height };
  return request('RESOURCE_CREATE_2D', gpuCommandLayouts.RESOURCE_CREATE_2D.encode(fields));
}

type Shape = Pick<
  GpuCommand<'RESOURCE_CREATE_3D'>,
  'target' | 'format' | 'bind' | 'width' | 'height'
>;

/** One level, one layer, one sample. */
export function resourceCreate3d(context: number, resource: number, shape: Shape): Request {
  const head = gpuCommandLayouts.RESOURCE_CREATE_3D.encode({
    hdr: header('RESOURCE_CREATE_3D', context),
    resource_id: resource,
    ...shape,
    depth: 1,
    array_size: 1,
    last_level: 0,
    nr_samples: 0,
    flags: 0,
    padding: 0,
  });
  return request('RESOURCE_CREATE_3D', head);
}

type OnResource =
  'RESOURCE_UNREF' | 'RESOURCE_DETACH_BACKING' | 'CTX_ATTACH_RESOURCE' | 'CTX_DETACH_RESOURCE';

function onResource(command: OnResource, context: number, resource: number): Request {
  const hdr = header(command, context);
  const fields = { hdr, resource_id: resource, padding: 0 };
  return request(command, gpuCommandLayouts[command].encode(fields));
}

export function resourceUnref(resource: number): Request {
  return onResource('RESOURCE_UNREF', 0, resource);
}

export function resourceDetachBacking(resource: number): Request {
  return onResource('RESOURCE_DETACH_BACKING', 0, resource);
}

export function resourceAttachBacking(resource: number, entries: readonly MemoryEntry[]): Request {
  const hdr = header('RESOURCE_ATTACH_BACKING', 0);
  const fields = { hdr, resource_id: resource, nr_entries: entries.length };
  const head = gpuCommandLayouts.RESOURCE_ATTACH_BACKING.encode(fields);
  return request('RESOURCE_ATTACH_BACKING', head, 'OK_NODATA', encodeEntries(entries));
}

function encodeEntries(entries: readonly MemoryEntry[]): Uint8Array {
  const into = new Uint8Array(entries.length * memEntry.size);
  entries.forEach(({ iova, bytes }, index) => {
    const entry = { addr: BigInt(iova), length: bytes, padding: 0 };
    memEntry.encode(entry, into, index * memEntry.size);
  });
  return into;
}

/** Memory of the host that a context knows by `blobId`. */
export function resourceCreateBlob(
  context: number,
  resource: number,
  blobId: number,
  bytes: number,
  flags: number,
): Request {
  const head = gpuCommandLayouts.RESOURCE_CREATE_BLOB.encode({
    hdr: header('RESOURCE_CREATE_BLOB', context),
    resource_id: resource,
    blob_mem: blobMemory.HOST3D,
    blob_flags: flags,
    nr_entries: 0,
    blob_id: BigInt(blobId),
    size: BigInt(bytes),
  });
  return request('RESOURCE_CREATE_BLOB', head);
}

/** @param offset  in the shared memory region. */
export function resourceMapBlob(resource: number, offset: number): Request {
  const hdr = header('RESOURCE_MAP_BLOB', 0);
  const fields = { hdr, resource_id: resource, padding: 0, offset: BigInt(offset) };
  const head = gpuCommandLayouts.RESOURCE_MAP_BLOB.encode(fields);
  return request('RESOURCE_MAP_BLOB', head, 'OK_MAP_INFO');
}

// ------------------------------------------------------------------------------ transfers

/** `offset`: where the rectangle's first pixel lies in the backing. */
export function transferToHost2d(resource: number, r: Rect, offset: number): Request {
  const hdr = header('TRANSFER_TO_HOST_2D', 0);
  const fields = { hdr, r, offset: BigInt(offset), resource_id: resource, padding: 0 };
  return request('TRANSFER_TO_HOST_2D', gpuCommandLayouts.TRANSFER_TO_HOST_2D.encode(fields));
}

type Transfer3d = 'TRANSFER_TO_HOST_3D' | 'TRANSFER_FROM_HOST_3D';

function transfer3d(command: Transfer3d, context: number, resource: number, box: Box): Request {
  const head = gpuCommandLayouts[command].encode({
    hdr: header(command, context),
    box: { x: box.x, y: box.y, z: 0, w: box.width, h: box.height, d: 1 },
    offset: BigInt(box.offset),
    resource_id: resource,
    level: 0,
    stride: box.stride,
    layer_stride: 0,
  });
  return request(command, head);
}

export function transferToHost3d(context: number, resource: number, box: Box): Request {
  return transfer3d('TRANSFER_TO_HOST_3D', context, resource, box);
}

export function transferFromHost3d(context: number, resource: number, box: Box): Request {
  return transfer3d('TRANSFER_FROM_HOST_3D', context, resource, box);
}

// ------------------------------------------------------------------------------ contexts

/** A context that speaks a capset (VIRTIO_GPU_F_CONTEXT_INIT). */
export function ctxCreate(context: number, capset: number, name: string): Request {
  const hdr = header('CTX_CREATE', context);
  const debug_name = new Uint8Array(64);
  const letters = Array.from(name.slice(0, 64), (letter) => letter.charCodeAt(0) & 0x7f);
  debug_name.set(letters);
  const fields = { hdr, nlen: letters.length, context_init: capset, debug_name };
  return request('CTX_CREATE', gpuCommandLayouts.CTX_CREATE.encode(fields));
}

export function ctxDestroy(context: number): Request {
  const hdr = header('CTX_DESTROY', context);
  return request('CTX_DESTROY', gpuCommandLayouts.CTX_DESTROY.encode({ hdr }));
}

export function ctxAttachResource(context: number, resource: number): Request {
  return onResource('CTX_ATTACH_RESOURCE', context, resource);
}

export function ctxDetachResource(context: number, resource: number): Request {
  return onResource('CTX_DETACH_RESOURCE', context, resource);
}

export function submit3d(context: number, stream: Uint8Array): Request {
  const hdr = header('SUBMIT_3D', context);
  const head = gpuCommandLayouts.SUBMIT_3D.encode({ hdr, size: stream.length, padding: 0 });
  return request('SUBMIT_3D', head, 'OK_NODATA', stream);
}

// ------------------------------------------------------------------------------ the screen

/** Resource 0 turns the scanout off. */
export function setScanout(scanout: number, resource: number, r: Rect): Request {
  const hdr = header('SET_SCANOUT', 0);
  const fields = { hdr, r, scanout_id: scanout, resource_id: resource };
  return request('SET_SCANOUT', gpuCommandLayouts.SET_SCANOUT.encode(fields));
}

/** All of a blob that is one picture, whose rows are back to back. */
export function setScanoutBlob(scanout: number, resource: number, r: Rect): Request {
  const head = gpuCommandLayouts.SET_SCANOUT_BLOB.encode({
    hdr: header('SET_SCANOUT_BLOB', 0),
    r,
    scanout_id: scanout,
    resource_id: resource,
    width: r.width,
    height: r.height,
    format: gpuFormats.R8G8B8A8_UNORM,
    padding: 0,
    strides: [r.width * 4, 0, 0, 0],
    offsets: [0, 0, 0, 0],
  });
  return request('SET_SCANOUT_BLOB', head);
}

export function resourceFlush(resource: number, r: Rect): Request {
  const hdr = header('RESOURCE_FLUSH', 0);
  const fields = { hdr, r, resource_id: resource, padding: 0 };
  return request('RESOURCE_FLUSH', gpuCommandLayouts.RESOURCE_FLUSH.encode(fields));
}

/** Where the pointer is, and which of its pixels points. */
export interface Pointer {
  readonly x: number;
  readonly y: number;
  readonly hotX: number;
  readonly hotY: number;
}

type CursorCommand = 'UPDATE_CURSOR' | 'MOVE_CURSOR';

function cursor(command: CursorCommand, scanout: number, resource: number, at: Pointer): Request {
  const head = gpuCommandLayouts[command].encode({
    hdr: header(command, 0),
    pos: { scanout_id: scanout, x: at.x, y: at.y, padding: 0 },
    resource_id: resource,
    hot_x: at.hotX,
    hot_y: at.hotY,
    padding: 0,
  });
  return { ...request(command, head), answerBytes: 0 }; // the cursor queue has no responses
}

/** The pointer's pixels: 64 by 64; resource 0 hides it. */
export function updateCursor(scanout: number, resource: number, at: Pointer): Request {
  return cursor('UPDATE_CURSOR', scanout, resource, at);
}

export function moveCursor(scanout: number, at: Pointer): Request {
  return cursor('MOVE_CURSOR', scanout, 0, at);
}
