/** A guest's commands, as bytes. */
import {
  ctrlHeader,
  gpuCommandLayouts,
  gpuCommands,
  gpuFormats,
  gpuResponses,
} from '@doorbell/abi';

const header = (type: number) => ({
  ...{ type, flags: 0, fence_id: 0n, ctx_id: 0, ring_idx: 0, padding: new Uint8Array(3) },
});
const whole = (width: number, height: number) => ({ x: 0, y: 0, width, height });
const resource = { resource_id: 1, padding: 0 };

/** Of resource 1, all of it. */
export function commandsFor(width: number, height: number) {
  const r = whole(width, height);
  return {
    displayInfo: gpuCommandLayouts.GET_DISPLAY_INFO.encode({
      hdr: header(gpuCommands.GET_DISPLAY_INFO),
    }),
    create: gpuCommandLayouts.RESOURCE_CREATE_2D.encode({
      ...{ hdr: header(gpuCommands.RESOURCE_CREATE_2D), resource_id: 1, width, height },
      format: gpuFormats.B8G8R8X8_UNORM,
    }),
    unref: gpuCommandLayouts.RESOURCE_UNREF.encode({
      ...{ hdr: header(gpuCommands.RESOURCE_UNREF), ...resource },
    }),
    /** An entry follows. */
    attach: gpuCommandLayouts.RESOURCE_ATTACH_BACKING.encode({
      ...{ hdr: header(gpuCommands.RESOURCE_ATTACH_BACKING), resource_id: 1, nr_entries: 1 },
    }),
    scanout: gpuCommandLayouts.SET_SCANOUT.encode({
      ...{ hdr: header(gpuCommands.SET_SCANOUT), r, scanout_id: 0, resource_id: 1 },
    }),
    disable: gpuCommandLayouts.SET_SCANOUT.encode({
      ...{ hdr: header(gpuCommands.SET_SCANOUT), r, scanout_id: 0, resource_id: 0 },
    }),
    transfer: (part = r) =>
      gpuCommandLayouts.TRANSFER_TO_HOST_2D.encode({
        ...{ hdr: header(gpuCommands.TRANSFER_TO_HOST_2D), r: part, ...resource },
        offset: BigInt(4 * (part.y * width + part.x)),
      }),
    flush: (part = r) =>
      gpuCommandLayouts.RESOURCE_FLUSH.encode({
        ...{ hdr: header(gpuCommands.RESOURCE_FLUSH), r: part, ...resource },
      }),
    cursor: (resourceId: number) =>
      gpuCommandLayouts.UPDATE_CURSOR.encode({
        ...{ hdr: header(gpuCommands.UPDATE_CURSOR), resource_id: resourceId },
        ...{ hot_x: 3, hot_y: 4, padding: 0 },
        pos: { scanout_id: 0, x: 10, y: 20, padding: 0 },
      }),
  };
}

/** The name of a response. */
export function nameOf(response: Uint8Array): string {
  const { type } = ctrlHeader.decode(response);
  return Object.entries(gpuResponses).find(([, number]) => number === type)?.[0] ?? String(type);
}
