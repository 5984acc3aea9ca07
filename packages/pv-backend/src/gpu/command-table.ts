/** Every command: its queue, the feature that it belongs to, and its handler. */
import {
  type GpuCommand,
  gpuCommandLayouts,
  type GpuCommandName,
  gpuCommands,
  gpuQueues,
  virtioGpuFeatures,
} from '@doorbell/abi';
import type { Call, Handler } from './call.ts';
import { getCapset, getCapsetInfo } from './capset.ts';
import { resourceMapBlob, resourceUnmapBlob } from './channel/blob-commands.ts';
import {
  ctxAttachResource,
  ctxCreate,
  ctxDestroy,
  ctxDetachResource,
  submit3d,
} from './context-commands.ts';
import { moveCursor, updateCursor } from './cursor-commands.ts';
import type { ErrorResponse } from './refusal.ts';
import type { Reply } from './reply.ts';
import {
  resourceAssignUuid,
  resourceAttachBacking,
  resourceCreate2d,
  resourceCreate3d,
  resourceCreateBlob,
  resourceDetachBacking,
  resourceUnref,
} from './resource-commands.ts';
import {
  getDisplayInfo,
  getEdid,
  resourceFlush,
  setScanout,
  setScanoutBlob,
} from './scanout-commands.ts';
import { transferFromHost3d, transferToHost2d, transferToHost3d } from './transfer-commands.ts';

const { EDID, RESOURCE_BLOB, RESOURCE_UUID, VIRGL } = virtioGpuFeatures;

interface Row<N extends GpuCommandName> {
  readonly handler: Handler<N>;
  /** Without it the command is refused. */
  readonly feature?: number;
  /** What it is refused with: by default as an unknown one. */
  readonly refusal?: ErrorResponse;
  /** Default: the control queue. */
  readonly queue?: number;
  /** It waits for the renderer: what was answered before is shown to the driver first. */
  readonly waits?: boolean;
}

/** A command without a handler is a compile error. */
const table: { readonly [N in GpuCommandName]: Row<N> } = {
  GET_DISPLAY_INFO: { handler: getDisplayInfo },
  RESOURCE_CREATE_2D: { handler: resourceCreate2d },
  RESOURCE_UNREF: { handler: resourceUnref },
  SET_SCANOUT: { handler: setScanout },
  RESOURCE_FLUSH: { handler: resourceFlush },
  TRANSFER_TO_HOST_2D: { handler: transferToHost2d },
  RESOURCE_ATTACH_BACKING: { handler: resourceAttachBacking },
  RESOURCE_DETACH_BACKING: { handler: resourceDetachBacking },
  GET_CAPSET_INFO: { handler: getCapsetInfo, feature: VIRGL },
  GET_CAPSET: { handler: getCapset, feature: VIRGL },
  GET_EDID: { handler: getEdid, feature: EDID },
  RESOURCE_ASSIGN_UUID: { handler: resourceAssignUuid, feature: RESOURCE_UUID },
  RESOURCE_CREATE_BLOB: {
    handler: resourceCreateBlob,
    feature: RESOURCE_BLOB,
    refusal: 'ERR_INVALID_PARAMETER', // as by QEMU
  },
  SET_SCANOUT_BLOB: {
    handler: setScanoutBlob,
    feature: RESOURCE_BLOB,
    refusal: 'ERR_INVALID_PARAMETER',
  },
  CTX_CREATE: { handler: ctxCreate, feature: VIRGL },
  CTX_DESTROY: { handler: ctxDestroy, feature: VIRGL },
  CTX_ATTACH_RESOURCE: { handler: ctxAttachResource, feature: VIRGL },
  CTX_DETACH_RESOURCE: { handler: ctxDetachResource, feature: VIRGL },
  RESOURCE_CREATE_3D: { handler: resourceCreate3d, feature: VIRGL },
  TRANSFER_TO_HOST_3D: { handler: transferToHost3d, feature: VIRGL },
  TRANSFER_FROM_HOST_3D: { handler: transferFromHost3d, feature: VIRGL, waits: true },
  SUBMIT_3D: { handler: submit3d, feature: VIRGL },
  RESOURCE_MAP_BLOB: { handler: resourceMapBlob, feature: RESOURCE_BLOB },
  RESOURCE_UNMAP_BLOB: { handler: resourceUnmapBlob, feature: RESOURCE_BLOB },
  UPDATE_CURSOR: { handler: updateCursor, queue: gpuQueues.CURSOR, waits: true },
  MOVE_CURSOR: { handler: moveCursor, queue: gpuQueues.CURSOR },
};

const UNKNOWN = 'ERR_UNSPEC';
const names = new Map<number, GpuCommandName>(
  Object.entries(gpuCommands).map(([name, type]) => [type, name as GpuCommandName]),
);

/** A command as it came: its fixed part is decoded. */
export interface Command {
  readonly name: GpuCommandName;
  /** The resource that it is about, or else the context; 0: none. */
  readonly subject: number;
  readonly waits: boolean;
  run(call: Omit<Call, 'rest'>): Reply | Promise<Reply>;
}

/**
 * The command of a type on a queue, for a driver with these features; or what is answered when
 * there is none, or its fixed part is not all there.
 */
export function decodeCommand(
  type: number,
  queue: number,
  has: (feature: number) => boolean,
  bytes: Uint8Array,
): Command | ErrorResponse {
  const name = names.get(type);
  if (name === undefined) {
    return UNKNOWN;
  }
  const row = table[name];
  if ((row.queue ?? gpuQueues.CONTROL) !== queue) {
    return UNKNOWN;
  }
  if (row.feature !== undefined && !has(row.feature)) {
    return row.refusal ?? UNKNOWN;
  }
  const isWhole = bytes.length >= gpuCommandLayouts[name].size;
  return isWhole ? bound(name, bytes) : 'ERR_INVALID_PARAMETER';
}

function bound<N extends GpuCommandName>(name: N, bytes: Uint8Array): Command {
  const row: Row<N> = table[name];
  const layout = gpuCommandLayouts[name];
  const command = layout.decode(bytes) as unknown as GpuCommand<N>;
  const rest = bytes.subarray(layout.size);
  const subject =
    'resource_id' in command && typeof command.resource_id === 'number'
      ? command.resource_id
      : command.hdr.ctx_id;
  return {
    name,
    subject,
    waits: row.waits === true,
    run: (call) => row.handler({ ...call, rest }, command),
  };
}
