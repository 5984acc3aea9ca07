/** The header: fences, contexts, flags, and commands that are none (VIRTIO 1.3 §5.7.6.7). */
import { ctrlHeader, gpuCommands, gpuFlags, gpuQueues } from '@doorbell/abi';
import { cutTo, type GpuRequest, header, type HeaderFields, inPieces, joined } from '../request.ts';
import { rect, say, Script } from '../script.ts';
import { withRoom } from './display.ts';

const { FENCE, INFO_RING_IDX } = gpuFlags;
const MOST = 2n ** 64n - 1n;

const headers: readonly (readonly [string, HeaderFields])[] = [
  ['fenced', { flags: FENCE, fence_id: 1n }],
  ['fenced by 0', { flags: FENCE, fence_id: 0n }],
  ['fenced by the last number', { flags: FENCE, fence_id: MOST }],
  ['fenced, in a context', { flags: FENCE, fence_id: 7n, ctx_id: 5 }],
  ['fenced, in the last context', { flags: FENCE, fence_id: 8n, ctx_id: 0xffff_ffff }],
  ['with a fence, not fenced', { fence_id: 9n }],
  ['in a context, not fenced', { ctx_id: 6 }],
  ['on a ring, not flagged', { ring_idx: 3 }],
  ['on a ring, flagged', { flags: INFO_RING_IDX, ring_idx: 3 }],
  ['on a ring, flagged and fenced', { flags: FENCE | INFO_RING_IDX, fence_id: 11n, ring_idx: 3 }],
  ['with every flag but the fence', { flags: 0xffff_fffe, fence_id: 12n }],
  ['with every flag', { flags: 0xffff_ffff, fence_id: 13n, ctx_id: 2, ring_idx: 63 }],
  ['with padding', { padding: Uint8Array.of(1, 2, 3) }],
  ['with padding, fenced', { flags: FENCE, fence_id: 14n, padding: Uint8Array.of(1, 2, 3) }],
];

const unknown = [
  ...[0, 1, 0xff, 0x10e, 0x10f, 0x1ff, 0x20a, 0x2ff, 0x302, 0x3ff, 0x400],
  ...[0x1100, 0x1200, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff],
];

/** Commands of features that were not negotiated, and of the other queue. */
const elsewhere = [
  ...(['GET_CAPSET_INFO', 'GET_CAPSET', 'RESOURCE_ASSIGN_UUID', 'CTX_CREATE'] as const),
  ...(['CTX_DESTROY', 'CTX_ATTACH_RESOURCE', 'CTX_DETACH_RESOURCE', 'RESOURCE_CREATE_3D'] as const),
  ...(['TRANSFER_TO_HOST_3D', 'TRANSFER_FROM_HOST_3D', 'SUBMIT_3D', 'RESOURCE_MAP_BLOB'] as const),
  ...(['RESOURCE_UNMAP_BLOB', 'RESOURCE_CREATE_BLOB', 'SET_SCANOUT_BLOB'] as const),
  ...(['UPDATE_CURSOR', 'MOVE_CURSOR'] as const),
] as const;

/** A header and zeros after it. */
function bare(label: string, type: number, fields: HeaderFields = {}, bytes = 128): GpuRequest {
  const readable = [joined(ctrlHeader.encode(header(type, fields)), new Uint8Array(bytes))];
  return { label, queue: gpuQueues.CONTROL, readable, room: [ctrlHeader.size] };
}

export function headerScript(): Script {
  const flush = say.flush('of what is not there', 99, rect(0, 0, 1, 1));
  return new Script()
    .send(...headers.map(([how, fields]) => say.displayInfo(how, fields)))
    .send(...headers.map(([how, fields]) => bare(`an unknown command, ${how}`, 0x7777, fields)))
    .send(...unknown.map((type) => bare(`command 0x${type.toString(16)}`, type)))
    .send(...elsewhere.map((name) => bare(`${name}, which has no place here`, gpuCommands[name])))
    .send(...[1, 3, 5, 24, 32].map((bytes) => inPieces(flush, bytes)))
    .send(bare('GET_DISPLAY_INFO, and bytes after it', gpuCommands.GET_DISPLAY_INFO))
    .send(...[24, 28, 40, 47].map((bytes) => cutTo(flush, bytes)))
    .send(...[0, 1, 8, 23].map((bytes) => withRoom(flush, [bytes])))
    .send(withRoom(flush, [1, 1, 22]), withRoom(flush, [24, 24]))
    .send(...[1, 4, 23].map((bytes) => cutTo(flush, bytes)));
}
