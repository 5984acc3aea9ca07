/**
 * The messages of the GPU socket, as QEMU's docs/interop/vhost-user-gpu.rst has them, and its
 * hw/display/vhost-user-gpu.c where that is silent (CURSOR_UPDATE's order of bytes is a8r8g8b8).
 * The backend asks, the front-end shows.
 */
import {
  array,
  bytes,
  ctrlHeader,
  displayOne,
  MAX_SCANOUTS,
  struct,
  u32,
  u64,
} from '@doorbell/abi';

export const gpuRequests = {
  GET_PROTOCOL_FEATURES: 1,
  SET_PROTOCOL_FEATURES: 2,
  GET_DISPLAY_INFO: 3,
  CURSOR_POS: 4,
  CURSOR_POS_HIDE: 5,
  CURSOR_UPDATE: 6,
  SCANOUT: 7,
  UPDATE: 8,
} as const;

export const gpuHeader = struct('VhostUserGpuMsg', { request: u32, flags: u32, size: u32 });
/** Of a reply. */
export const GPU_REPLY = 1 << 2;

export const gpuU64 = struct('u64', { value: u64 });
export const gpuCursorPos = struct('VhostUserGpuCursorPos', { scanout: u32, x: u32, y: u32 });
export const CURSOR_BYTES = 64 * 64 * 4;
export const gpuCursorUpdate = struct('VhostUserGpuCursorUpdate', {
  pos: gpuCursorPos,
  hotX: u32,
  hotY: u32,
  cursor: bytes(CURSOR_BYTES),
});
export const gpuScanout = struct('VhostUserGpuScanout', { scanout: u32, width: u32, height: u32 });
/** Rows of pixels follow: x8r8g8b8 words, so B, G, R, X. */
export const gpuUpdate = struct('VhostUserGpuUpdate', {
  scanout: u32,
  x: u32,
  y: u32,
  width: u32,
  height: u32,
});
/** `struct virtio_gpu_resp_display_info` (VIRTIO 1.3 §5.7.6.8). */
export const gpuDisplayInfo = struct('virtio_gpu_resp_display_info', {
  hdr: ctrlHeader,
  pmodes: array(displayOne, MAX_SCANOUTS),
});
