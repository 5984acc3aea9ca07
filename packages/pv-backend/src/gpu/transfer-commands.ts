/** Moving bytes between a resource and its backing (VIRTIO 1.3 §5.7.6.8). */
import type { GpuCommand } from '@doorbell/abi';
import type { Backing } from './backing.ts';
import type { Call, Handler } from './call.ts';
import { attachedTo } from './context.ts';
import { fromRgba, PIXEL_BYTES, toRgba } from './pixels.ts';
import { isWithin, type Rect } from './rect.ts';
import { Refusal, refuseUnless } from './refusal.ts';
import { done } from './reply.ts';
import { backingOf } from './resource-commands.ts';
import type { BlobResource, BufferResource, ImageResource } from './resource.ts';
import { presentBefore } from './scanout-commands.ts';
import { gather, readPixels, type Rows, scatter, writePixels } from './rows.ts';

const INVALID = 'ERR_INVALID_PARAMETER';

/** Only the rectangle's rows are fetched; they lie in the backing as far apart as in the resource. */
export const transferToHost2d: Handler<'TRANSFER_TO_HOST_2D'> = async (call, command) => {
  const { session } = call;
  const { r, resource_id } = command;
  const resource = session.resources.find(resource_id);
  const backing = backingOf(resource);
  if (resource.kind === 'blob') {
    return done(); // as in QEMU: its bytes are the driver's pages
  }
  refuseUnless(resource.kind === 'image', INVALID, `Resource ${resource_id} is a buffer.`);
  refuseUnless(isWithin(r, resource.host), INVALID, 'The rectangle is not within the resource.');
  const stride = resource.host.width * PIXEL_BYTES;
  await toImage(call, resource, backing, r, Number(command.offset), stride);
  return done();
};

async function toImage(
  { session, isWanted }: Call,
  resource: ImageResource,
  backing: Backing,
  r: Rect,
  offset: number,
  stride: number,
): Promise<void> {
  if (r.width === 0 || r.height === 0) {
    return;
  }
  const { host, format } = resource;
  const rowBytes = r.width * PIXEL_BYTES;
  const rows: Rows = { offset, stride, rowBytes, rows: r.height };
  const { bytesOf } = session.parts;
  if (bytesOf !== undefined && format.isKept && rowBytes === host.stride) {
    await presentBefore(session, resource);
    const first = r.y * host.stride;
    const target = bytesOf(host).subarray(first, first + rowBytes * r.height);
    await gather(backing, rows, isWanted, target);
    return;
  }
  const pixels = await gather(backing, rows, isWanted, session.scratch(rowBytes * r.height));
  toRgba(format, pixels);
  await presentBefore(session, resource);
  await writePixels(session.parts.renderer, host, r, pixels);
}

// ------------------------------------------------------------------------------ 3D

type Transfer3d = GpuCommand<'TRANSFER_TO_HOST_3D'>;

/** The resource of a transfer, which the context must be allowed to name. @throws Refusal */
function transferred(
  { session }: Call,
  { hdr, resource_id, level }: Transfer3d,
): ImageResource | BufferResource | BlobResource {
  const context = session.contexts.find(hdr.ctx_id);
  session.resources.find(resource_id);
  const resource = attachedTo(context, resource_id);
  refuseUnless(level === 0, INVALID, 'A resource has one level.');
  refuseUnless(
    resource.kind !== 'channel-blob',
    'ERR_UNSPEC',
    'What a channel copies to and from its memory is for the channel to do.',
  );
  return resource;
}

/** @throws Refusal unless a box is a range of a buffer: x and w in bytes. */
function checkRange({ host }: BufferResource, { box }: Transfer3d): void {
  const isRange = box.y === 0 && box.z === 0 && box.h === 1 && box.d === 1;
  refuseUnless(
    isRange && box.x + box.w <= host.bytes,
    INVALID,
    'The box is not within the buffer.',
  );
}

/** The rectangle of an image that a box is. @throws Refusal */
function rectOf({ host }: ImageResource, { box }: Transfer3d): Rect {
  const r = { x: box.x, y: box.y, width: box.w, height: box.h };
  refuseUnless(
    box.z === 0 && box.d === 1 && isWithin(r, host),
    INVALID,
    'The box is not within the image.',
  );
  return r;
}

/** Where an image's rows lie in the backing. A stride of 0: back to back. @throws Refusal */
function strideOf({ stride }: Transfer3d, { width }: Rect): number {
  const rowBytes = width * PIXEL_BYTES;
  refuseUnless(stride === 0 || stride >= rowBytes, INVALID, 'Rows overlap.');
  return stride === 0 ? rowBytes : stride;
}

export const transferToHost3d: Handler<'TRANSFER_TO_HOST_3D'> = async (call, command) => {
  const resource = transferred(call, command);
  const backing = backingOf(resource);
  const { renderer } = call.session.parts;
  const offset = Number(command.offset);
  if (resource.kind === 'image') {
    const r = rectOf(resource, command);
    await toImage(call, resource, backing, r, offset, strideOf(command, r));
  } else if (resource.kind === 'buffer') {
    checkRange(resource, command);
    const { x, w } = command.box;
    if (w > 0) {
      const range: Rows = { offset, stride: w, rowBytes: w, rows: 1 };
      const bytes = await gather(backing, range, call.isWanted);
      await renderer.write(resource.host, x, bytes);
    }
  }
  return done();
};

export const transferFromHost3d: Handler<'TRANSFER_FROM_HOST_3D'> = async (call, command) => {
  const resource = transferred(call, command);
  const backing = backingOf(resource);
  const { renderer } = call.session.parts;
  const offset = Number(command.offset);
  if (resource.kind === 'image') {
    await fromImage(call, resource, backing, command);
  } else if (resource.kind === 'buffer') {
    checkRange(resource, command);
    const { x, w } = command.box;
    if (w > 0) {
      backing.check(offset, w);
      const bytes = new Uint8Array(w);
      await renderer.read(resource.host, x, bytes);
      await backing.store(offset, bytes, call.isWanted);
    }
  } else {
    throw new Refusal(INVALID, 'A blob of guest memory has nothing of the host.');
  }
  return done();
};

async function fromImage(
  { session, isWanted }: Call,
  image: ImageResource,
  backing: Backing,
  command: Transfer3d,
): Promise<void> {
  const r = rectOf(image, command);
  const rowBytes = r.width * PIXEL_BYTES;
  const stride = strideOf(command, r);
  if (r.width === 0 || r.height === 0) {
    return;
  }
  const rows: Rows = { offset: Number(command.offset), stride, rowBytes, rows: r.height };
  backing.check(rows.offset + stride * (r.height - 1), rowBytes);
  const pixels = await readPixels(session.parts.renderer, image.host, r);
  fromRgba(image.format, pixels);
  await scatter(backing, rows, pixels, isWanted);
}
