/** The display: what it is like, what it shows, and when (VIRTIO 1.3 §5.7.6.8). */
import { CommandEncoder, type GpuCommand, gpuFormats } from '@doorbell/abi';
import type { Call, Handler } from './call.ts';
import { PIXEL_BYTES, toRgba } from './pixels.ts';
import { intersection, isWhole, isWithin, type Rect } from './rect.ts';
import { refuseUnless } from './refusal.ts';
import { done, type Reply, replyWith } from './reply.ts';
import { backingOf } from './resource-commands.ts';
import type { ChannelBlobResource, ImageResource, Resource } from './resource.ts';
import { gather, readPixels, type Rows, writePixels } from './rows.ts';
import type { Framebuffer, InBlob, PartOfImage, Scanout } from './scanout.ts';
import type { Session } from './session.ts';

const INVALID = 'ERR_INVALID_PARAMETER';
/** The scanout that the renderer shows; the others have no display. */
const VISIBLE = 0;
/** In pixels: smaller ones are refused, as by QEMU. */
const LEAST_SIDE = 16;

export const getDisplayInfo: Handler<'GET_DISPLAY_INFO'> = async ({ session }) => {
  await session.parts.beforeDisplayInfo?.();
  return replyWith('OK_DISPLAY_INFO', { pmodes: session.parts.display.modes() });
};

export const getEdid: Handler<'GET_EDID'> = async ({ session }, { scanout }) => {
  const { display } = session.parts;
  await session.parts.beforeDisplayInfo?.();
  refuseUnless(scanout < display.scanouts, INVALID, `There is no scanout ${scanout}.`);
  return replyWith('OK_EDID', { ...display.edid(), padding: 0 });
};

/** @throws Refusal */
function checkScanout({ scanouts }: Session, index: number): void {
  refuseUnless(index < scanouts.count, 'ERR_INVALID_SCANOUT_ID', `There is no scanout ${index}.`);
}

/** @throws Refusal */
function checkShown(r: Rect, size: Pick<Rect, 'width' | 'height'>): void {
  const isLarge = r.width >= LEAST_SIDE && r.height >= LEAST_SIDE;
  refuseUnless(isLarge && isWithin(r, size), INVALID, 'No such rectangle can be shown.');
}

async function turnOff({ scanouts }: Session, index: number): Promise<Reply> {
  await scanouts.disable(index);
  return done();
}

export const setScanout: Handler<'SET_SCANOUT'> = async ({ session }, command) => {
  const { r, scanout_id: index, resource_id } = command;
  const { resources, scanouts } = session;
  checkScanout(session, index);
  if (resource_id === 0) {
    return turnOff(session, index);
  }
  const resource = resources.find(resource_id);
  refuseUnless(resource.kind === 'image', INVALID, `Resource ${resource_id} is no image.`);
  if (!resource.is3d) {
    backingOf(resource); // as in QEMU
  }
  checkShown(r, resource.host);
  if (isWhole(r, resource.host)) {
    await scanouts.set(index, { kind: 'whole', resource, r, isDue: false });
  } else {
    const own = await resources.makeImage(r.width, r.height);
    await scanouts.set(index, { kind: 'part', resource, r, own, isStale: true, isDue: false });
  }
  return done();
};

export const setScanoutBlob: Handler<'SET_SCANOUT_BLOB'> = async ({ session }, command) => {
  const { r, scanout_id: index, resource_id } = command;
  const { resources, scanouts } = session;
  checkScanout(session, index);
  if (resource_id === 0) {
    return turnOff(session, index);
  }
  const resource = resources.find(resource_id);
  if (resource.kind === 'channel-blob') {
    await scanouts.set(index, vramScanout(session, command, resource));
    return done();
  }
  refuseUnless(resource.kind === 'blob', INVALID, `Resource ${resource_id} is no blob.`);
  backingOf(resource);
  const framebuffer = framebufferOf(session, command, resource.bytes);
  const own = await resources.makeImage(r.width, r.height);
  await scanouts.set(index, {
    ...{ kind: 'blob', resource, framebuffer, r, own },
    ...{ isStale: true, isDue: false },
  });
  return done();
};

/** One plane, all of whose visible rows are within the blob. @throws Refusal */
function framebufferOf(
  session: Session,
  command: GpuCommand<'SET_SCANOUT_BLOB'>,
  bytes: number,
): Framebuffer {
  const { r, width, height, strides, offsets } = command;
  const format = session.formatOf(command.format);
  refuseUnless(format !== undefined, INVALID, `There is no format ${command.format}.`);
  checkShown(r, { width, height });
  const [stride] = strides;
  const [offset] = offsets;
  const end = offset + stride * (r.y + r.height - 1) + (r.x + r.width) * PIXEL_BYTES;
  refuseUnless(
    stride >= width * PIXEL_BYTES && end <= bytes,
    INVALID,
    `A framebuffer that ends at ${end} is not within a blob of ${bytes} bytes.`,
  );
  return { format, offset, stride };
}

/** Such memory is shown as it is: from its first byte on, and all of the picture. @throws Refusal */
function vramScanout(
  session: Session,
  command: GpuCommand<'SET_SCANOUT_BLOB'>,
  resource: ChannelBlobResource,
): Scanout {
  const { offset, stride } = framebufferOf(session, command, resource.bytes);
  const { r, format } = command;
  refuseUnless(
    offset === 0 && format === gpuFormats.R8G8B8A8_UNORM && isWhole(r, command),
    INVALID,
    'Memory of a channel is shown whole, as R, G, B, A.',
  );
  const vram = resource.channel.vramAt(resource.va);
  return { kind: 'vram', resource, vram, r, stride, isDue: false };
}

export const resourceFlush: Handler<'RESOURCE_FLUSH'> = async (call, command) => {
  const { session } = call;
  const { r, resource_id } = command;
  const resource = session.resources.find(resource_id);
  if (resource.kind === 'image') {
    refuseUnless(isWithin(r, resource.host), INVALID, 'The rectangle is not within the resource.');
  }
  const scanout = session.scanouts.get(VISIBLE);
  if (scanout?.resource !== resource) {
    return done();
  }
  const flushed = intersection(r, scanout.r);
  if (flushed === undefined) {
    return done();
  }
  if ('own' in scanout) {
    const part = scanout.isStale ? scanout.r : flushed;
    await (scanout.kind === 'part'
      ? copyPart(session, scanout, part)
      : fetchPart(call, scanout, part));
    scanout.isStale = false;
  }
  const { onScanout } = session.parts;
  scanout.isDue = true;
  if (onScanout?.flushed(VISIBLE, inOwn(scanout, flushed)) !== false) {
    await presentDue(session);
  }
  return done();
};

/** Hands the display what was flushed, and it has not had yet. @throws GpuError */
export async function presentDue({ scanouts, parts }: Session): Promise<void> {
  const scanout = scanouts.get(VISIBLE);
  if (scanout?.isDue === true) {
    scanout.isDue = false;
    if (scanout.kind === 'vram') {
      const { vram, r, stride } = scanout;
      parts.channels?.host.show(vram, r.width, r.height, stride);
    } else {
      await parts.renderer.present(scanout.kind === 'whole' ? scanout.resource.host : scanout.own);
    }
  }
}

/** Before an image changes: what was flushed of it is shown as it was then. @throws GpuError */
export async function presentBefore(session: Session, resource: Resource): Promise<void> {
  const scanout = session.scanouts.get(VISIBLE);
  if (scanout?.kind === 'whole' && scanout.resource === resource) {
    await presentDue(session);
  }
}

/** Where a part of what is shown is in the scanout, and in its own image. */
function inOwn({ r }: Scanout, part: Rect): Rect {
  return { x: part.x - r.x, y: part.y - r.y, width: part.width, height: part.height };
}

/** @throws GpuError */
async function copyPart(session: Session, scanout: PartOfImage, part: Rect): Promise<void> {
  const { renderer } = session.parts;
  const target = inOwn(scanout, part);
  const { host } = scanout.resource;
  if (!renderer.features.commands.has('copy')) {
    await writePixels(renderer, scanout.own, target, await readPixels(renderer, host, part));
    return;
  }
  const at = (image: ImageResource['host'], { x, y }: Rect) => ({
    handle: image.handle,
    offset: y * image.stride + x * PIXEL_BYTES,
  });
  const copy = new CommandEncoder().copy({
    dst: at(scanout.own, target),
    dstStride: scanout.own.stride,
    src: at(host, part),
    srcStride: host.stride,
    rowBytes: part.width * PIXEL_BYTES,
    rows: part.height,
  });
  session.lastWork = await renderer.submit(copy.finish());
}

/** The driver's pixels as they are now. @throws Refusal, GpuError */
async function fetchPart({ session, isWanted }: Call, scanout: InBlob, part: Rect): Promise<void> {
  const { format, offset, stride } = scanout.framebuffer;
  const rows: Rows = {
    offset: offset + part.y * stride + part.x * PIXEL_BYTES,
    stride,
    rowBytes: part.width * PIXEL_BYTES,
    rows: part.height,
  };
  const pixels = await gather(backingOf(scanout.resource), rows, isWanted);
  toRgba(format, pixels);
  await writePixels(session.parts.renderer, scanout.own, inOwn(scanout, part), pixels);
}
