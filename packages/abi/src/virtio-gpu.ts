/** The GPU device, VIRTIO 1.3 §5.7: queues, features, configuration, every command and response. */
import {
  array,
  bytes,
  struct,
  u32,
  u64,
  u8,
  type Decoded,
  type Fields,
  type Struct,
} from './layout.ts';

/** §5.7.2. */
export const gpuQueues = { CONTROL: 0, CURSOR: 1 } as const;

/** §5.7.3, by number of the bit. */
export const virtioGpuFeatures = {
  VIRGL: 0,
  EDID: 1,
  RESOURCE_UUID: 2,
  RESOURCE_BLOB: 3,
  CONTEXT_INIT: 4,
} as const;

/** §5.7.4. */
export const virtioGpuConfig = struct('virtio_gpu_config', {
  events_read: u32,
  events_clear: u32,
  num_scanouts: u32,
  num_capsets: u32,
});
export const GPU_EVENT_DISPLAY = 1;
export const MAX_SCANOUTS = 16;

/** Commands (§5.7.6.7). */
export const gpuCommands = {
  GET_DISPLAY_INFO: 0x0100,
  RESOURCE_CREATE_2D: 0x0101,
  RESOURCE_UNREF: 0x0102,
  SET_SCANOUT: 0x0103,
  RESOURCE_FLUSH: 0x0104,
  TRANSFER_TO_HOST_2D: 0x0105,
  RESOURCE_ATTACH_BACKING: 0x0106,
  RESOURCE_DETACH_BACKING: 0x0107,
  GET_CAPSET_INFO: 0x0108,
  GET_CAPSET: 0x0109,
  GET_EDID: 0x010a,
  RESOURCE_ASSIGN_UUID: 0x010b,
  RESOURCE_CREATE_BLOB: 0x010c,
  SET_SCANOUT_BLOB: 0x010d,
  CTX_CREATE: 0x0200,
  CTX_DESTROY: 0x0201,
  CTX_ATTACH_RESOURCE: 0x0202,
  CTX_DETACH_RESOURCE: 0x0203,
  RESOURCE_CREATE_3D: 0x0204,
  TRANSFER_TO_HOST_3D: 0x0205,
  TRANSFER_FROM_HOST_3D: 0x0206,
  SUBMIT_3D: 0x0207,
  RESOURCE_MAP_BLOB: 0x0208,
  RESOURCE_UNMAP_BLOB: 0x0209,
  UPDATE_CURSOR: 0x0300,
  MOVE_CURSOR: 0x0301,
} as const;
export type GpuCommandName = keyof typeof gpuCommands;

/** Responses (§5.7.6.7). */
export const gpuResponses = {
  OK_NODATA: 0x1100,
  OK_DISPLAY_INFO: 0x1101,
  OK_CAPSET_INFO: 0x1102,
  OK_CAPSET: 0x1103,
  OK_EDID: 0x1104,
  OK_RESOURCE_UUID: 0x1105,
  OK_MAP_INFO: 0x1106,
  ERR_UNSPEC: 0x1200,
  ERR_OUT_OF_MEMORY: 0x1201,
  ERR_INVALID_SCANOUT_ID: 0x1202,
  ERR_INVALID_RESOURCE_ID: 0x1203,
  ERR_INVALID_CONTEXT_ID: 0x1204,
  ERR_INVALID_PARAMETER: 0x1205,
} as const;
export type GpuResponseName = keyof typeof gpuResponses;

/** Bits of the header's flags. */
export const gpuFlags = { FENCE: 1, INFO_RING_IDX: 2 } as const;

/** Pixel formats (§5.7.6.8), named by their bytes in memory. */
export const gpuFormats = {
  B8G8R8A8_UNORM: 1,
  B8G8R8X8_UNORM: 2,
  A8R8G8B8_UNORM: 3,
  X8R8G8B8_UNORM: 4,
  R8G8B8A8_UNORM: 67,
  X8B8G8R8_UNORM: 68,
  A8B8G8R8_UNORM: 121,
  R8G8B8X8_UNORM: 134,
} as const;

/** What backs a blob, and what it may be used for (§5.7.6.8). */
export const blobMemory = { GUEST: 1, HOST3D: 2, HOST3D_GUEST: 3 } as const;
export const blobFlags = { MAPPABLE: 1, SHAREABLE: 2, CROSS_DEVICE: 4 } as const;

/** The shared memory region that blobs are mapped into (§5.7.6.8, `VIRTIO_GPU_SHM_ID_HOST_VISIBLE`). */
export const SHM_HOST_VISIBLE = 1;
/** How a mapped blob is cached (§5.7.6.8). */
export const mapCaching = { NONE: 0, CACHED: 1, UNCACHED: 2, WRITE_COMBINED: 3 } as const;

// ------------------------------------------------------------------------------ parts

/** §5.7.6.7 `virtio_gpu_ctrl_hdr`: begins every command and every response. */
export const ctrlHeader = struct('virtio_gpu_ctrl_hdr', {
  type: u32,
  flags: u32,
  fence_id: u64,
  ctx_id: u32,
  ring_idx: u8,
  padding: bytes(3),
});
export const gpuRect = struct('virtio_gpu_rect', { x: u32, y: u32, width: u32, height: u32 });
export const gpuBox = struct('virtio_gpu_box', { x: u32, y: u32, z: u32, w: u32, h: u32, d: u32 });
export const memEntry = struct('virtio_gpu_mem_entry', { addr: u64, length: u32, padding: u32 });
export const displayOne = struct('virtio_gpu_display_one', {
  r: gpuRect,
  enabled: u32,
  flags: u32,
});
export const cursorPosition = struct('virtio_gpu_cursor_pos', {
  scanout_id: u32,
  x: u32,
  y: u32,
  padding: u32,
});

const command = <const F extends Fields>(name: string, fields: F) =>
  struct(`virtio_gpu_${name}`, { hdr: ctrlHeader, ...fields });
const onResource = { resource_id: u32, padding: u32 } as const;
const transfer3d = {
  box: gpuBox,
  offset: u64,
  resource_id: u32,
  level: u32,
  stride: u32,
  layer_stride: u32,
} as const;
const cursor = {
  pos: cursorPosition,
  resource_id: u32,
  hot_x: u32,
  hot_y: u32,
  padding: u32,
} as const;

// ------------------------------------------------------------------------------ commands

/** The fixed part of each command; entries, names or a command stream follow where they do. */
export const gpuCommandLayouts = {
  GET_DISPLAY_INFO: command('get_display_info', {}),
  RESOURCE_CREATE_2D: command('resource_create_2d', {
    resource_id: u32,
    format: u32,
    width: u32,
    height: u32,
  }),
  RESOURCE_UNREF: command('resource_unref', onResource),
  SET_SCANOUT: command('set_scanout', { r: gpuRect, scanout_id: u32, resource_id: u32 }),
  RESOURCE_FLUSH: command('resource_flush', { r: gpuRect, ...onResource }),
  TRANSFER_TO_HOST_2D: command('transfer_to_host_2d', { r: gpuRect, offset: u64, ...onResource }),
  /** `nr_entries` of `virtio_gpu_mem_entry` follow. */
  RESOURCE_ATTACH_BACKING: command('resource_attach_backing', {
    resource_id: u32,
    nr_entries: u32,
  }),
  RESOURCE_DETACH_BACKING: command('resource_detach_backing', onResource),
  GET_CAPSET_INFO: command('get_capset_info', { capset_index: u32, padding: u32 }),
  GET_CAPSET: command('get_capset', { capset_id: u32, capset_version: u32 }),
  GET_EDID: command('get_edid', { scanout: u32, padding: u32 }),
  RESOURCE_ASSIGN_UUID: command('resource_assign_uuid', onResource),
  /** `nr_entries` of `virtio_gpu_mem_entry` follow. */
  RESOURCE_CREATE_BLOB: command('resource_create_blob', {
    resource_id: u32,
    blob_mem: u32,
    blob_flags: u32,
    nr_entries: u32,
    blob_id: u64,
    size: u64,
  }),
  SET_SCANOUT_BLOB: command('set_scanout_blob', {
    r: gpuRect,
    scanout_id: u32,
    resource_id: u32,
    width: u32,
    height: u32,
    format: u32,
    padding: u32,
    strides: array(u32, 4),
    offsets: array(u32, 4),
  }),
  /** The capset that the context speaks is in bits 7:0 of `context_init` (CONTEXT_INIT). */
  CTX_CREATE: command('ctx_create', { nlen: u32, context_init: u32, debug_name: bytes(64) }),
  CTX_DESTROY: command('ctx_destroy', {}),
  CTX_ATTACH_RESOURCE: command('ctx_attach_resource', onResource),
  CTX_DETACH_RESOURCE: command('ctx_detach_resource', onResource),
  RESOURCE_CREATE_3D: command('resource_create_3d', {
    resource_id: u32,
    target: u32,
    format: u32,
    bind: u32,
    width: u32,
    height: u32,
    depth: u32,
    array_size: u32,
    last_level: u32,
    nr_samples: u32,
    flags: u32,
    padding: u32,
  }),
  TRANSFER_TO_HOST_3D: command('transfer_to_host_3d', transfer3d),
  TRANSFER_FROM_HOST_3D: command('transfer_from_host_3d', transfer3d),
  /** `size` bytes of a command stream follow. */
  SUBMIT_3D: command('cmd_submit_3d', { size: u32, padding: u32 }),
  RESOURCE_MAP_BLOB: command('resource_map_blob', { ...onResource, offset: u64 }),
  RESOURCE_UNMAP_BLOB: command('resource_unmap_blob', onResource),
  UPDATE_CURSOR: command('update_cursor', cursor),
  MOVE_CURSOR: command('move_cursor', cursor),
} as const satisfies Record<GpuCommandName, Struct<Fields>>;

/** A decoded command. */
export type GpuCommand<N extends GpuCommandName> = Decoded<(typeof gpuCommandLayouts)[N]['fields']>;

// ------------------------------------------------------------------------------ responses

export const EDID_BYTES_MAX = 1024;

/** Responses with data; all others are a header alone. `OK_CAPSET`: the capset's bytes follow. */
export const gpuResponseLayouts = {
  OK_NODATA: command('resp_nodata', {}),
  OK_DISPLAY_INFO: command('resp_display_info', { pmodes: array(displayOne, MAX_SCANOUTS) }),
  OK_CAPSET_INFO: command('resp_capset_info', {
    capset_id: u32,
    capset_max_version: u32,
    capset_max_size: u32,
    padding: u32,
  }),
  OK_CAPSET: command('resp_capset', {}),
  OK_EDID: command('resp_edid', { size: u32, padding: u32, edid: bytes(EDID_BYTES_MAX) }),
  OK_RESOURCE_UUID: command('resp_resource_uuid', { uuid: bytes(16) }),
  OK_MAP_INFO: command('resp_map_info', { map_info: u32, padding: u32 }),
} as const;

// ------------------------------------------------------------------------------ the capset `bell`

/**
 * Our capset: its contexts take the command streams of the Gpu API (commands.ts), in which a
 * handle is a resource id. Linux takes ids up to 63.
 */
export const BELL_CAPSET = 48;
export const BELL_CAPSET_VERSION = 1;
export const bellCapset = struct('bell_capset', {
  version: u32,
  /** The largest buffer, in bytes. */
  max_buffer_bytes: u64,
  /** The largest image's width and height, in pixels. */
  max_image_size: u32,
  /** Bit n: the command whose opcode is n, of 256. */
  commands: bytes(32),
});

/** Gallium's names for what RESOURCE_CREATE_3D makes: `PIPE_BUFFER`, `PIPE_TEXTURE_2D`. */
export const pipeTargets = { BUFFER: 0, TEXTURE_2D: 2 } as const;
/** `VIRGL_FORMAT_R8_UNORM`: of buffers, whose width is in bytes. */
export const FORMAT_R8 = 64;
/** `VIRGL_BIND_*`. */
export const bindFlags = {
  DEPTH_STENCIL: 1 << 0,
  RENDER_TARGET: 1 << 1,
  SAMPLER_VIEW: 1 << 3,
  VERTEX_BUFFER: 1 << 4,
  INDEX_BUFFER: 1 << 5,
  SCANOUT: 1 << 18,
} as const;
