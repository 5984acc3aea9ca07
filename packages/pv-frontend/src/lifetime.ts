/** How resources come and go: the works that make and destroy them. */
import { bindFlags, FORMAT_R8, gpuFormats, pipeTargets } from '@doorbell/abi';
import { type Step, step, type Work } from './operation.ts';
import {
  ctxAttachResource,
  ctxDetachResource,
  type Request,
  resourceCreate2d,
  resourceCreate3d,
  resourceDetachBacking,
  resourceUnref,
} from './requests.ts';
import { freeUnused, type Resource } from './resource.ts';
import type { Scanout } from './scanout.ts';

const IMAGE_BIND =
  bindFlags.RENDER_TARGET | bindFlags.DEPTH_STENCIL | bindFlags.SAMPLER_VIEW | bindFlags.SCANOUT;
const BUFFER_BIND = bindFlags.VERTEX_BUFFER | bindFlags.INDEX_BUFFER;

export function creationOf(resource: Resource, is3d: boolean): Work {
  const { context, handle } = resource;
  const attach = is3d ? [step(() => ctxAttachResource(context, handle))] : [];
  return {
    steps: () => [step(() => create(resource, is3d)), ...attach],
    brings: resource,
    again: true,
  };
}

/** On a device that knows nothing of it, as this one does, or another one after a loss. */
function create(resource: Resource, is3d: boolean): Request {
  const { context, handle, bytes, picture } = resource;
  Object.assign(resource, { attached: false, moving: [], unused: false });
  if (picture === undefined) {
    const shape = { target: pipeTargets.BUFFER, format: FORMAT_R8, bind: BUFFER_BIND };
    return resourceCreate3d(context, handle, { ...shape, width: bytes, height: 1 });
  }
  const { width, height } = picture;
  if (!is3d) {
    return resourceCreate2d(handle, width, height);
  }
  const format = gpuFormats.R8G8B8A8_UNORM;
  const shape = { target: pipeTargets.TEXTURE_2D, format, bind: IMAGE_BIND };
  return resourceCreate3d(context, handle, { ...shape, width, height });
}

/** Its backing is freed when all of it is over: the device may use it until then. */
export function destructionOf(resource: Resource, is3d: boolean, scanout: Scanout): Work {
  return {
    steps: () => destroy(resource, is3d, scanout),
    ended: (error) => {
      resource.moving = error?.code === 'lost' ? [] : resource.moving; // the device was reset
      free(resource);
    },
    takes: resource,
    again: true,
  };
}

function destroy(resource: Resource, is3d: boolean, scanout: Scanout): Step[] {
  const { context, handle } = resource;
  return [
    scanout.hide(resource),
    ...(is3d ? [step(() => ctxDetachResource(context, handle))] : []),
    { make: () => (resource.attached ? resourceDetachBacking(handle) : 'nothing') },
    {
      make: () => resourceUnref(handle),
      done: () => {
        free(resource);
      },
    },
  ];
}

/** Frees its backing, as soon as the device has let go of it. */
export function free(resource: Resource): void {
  resource.unused = true;
  freeUnused(resource);
}
