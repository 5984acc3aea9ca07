/** Making resources, giving them memory, and giving them back (VIRTIO 1.3 §5.7.6.8). */
import {
  BELL_CAPSET,
  blobMemory,
  FORMAT_R8,
  gpuFormats,
  type GpuCommand,
  pipeTargets,
} from '@doorbell/abi';
import { Backing } from './backing.ts';
import type { Handler } from './call.ts';
import { channelBlob } from './channel/blob-commands.ts';
import { rgba } from './pixels.ts';
import { refuseUnless } from './refusal.ts';
import { done, replyWith } from './reply.ts';
import type { BlobResource, Resource } from './resource.ts';
import { makeUuid } from './uuid.ts';

const INVALID = 'ERR_INVALID_PARAMETER';
/** MAPPABLE, SHAREABLE, CROSS_DEVICE. */
const BLOB_FLAGS = 7;

export const resourceCreate2d: Handler<'RESOURCE_CREATE_2D'> = async ({ session }, command) => {
  const { resource_id: id, width, height } = command;
  const { resources } = session;
  resources.checkNew(id);
  const format = session.formatOf(command.format);
  refuseUnless(format !== undefined, INVALID, `There is no format ${command.format}.`);
  const host = await resources.makeImage(width, height);
  const none = { backing: undefined, uuid: undefined };
  resources.add({ kind: 'image', id, host, format, is3d: false, ...none });
  return done();
};

export const resourceCreate3d: Handler<'RESOURCE_CREATE_3D'> = async ({ session }, command) => {
  const { resource_id: id, target, width, height } = command;
  const { resources } = session;
  resources.checkNew(id);
  checkShape(command);
  const none = { backing: undefined, uuid: undefined };
  if (target === pipeTargets.BUFFER) {
    resources.add({ kind: 'buffer', id, host: await resources.makeBuffer(width), ...none });
  } else {
    const host = await resources.makeImage(width, height);
    resources.add({ kind: 'image', id, host, format: rgba, is3d: true, ...none });
  }
  return done();
};

/** What the capset `bell` has: buffers of bytes, and images of one level, layer and sample. */
function checkShape(command: GpuCommand<'RESOURCE_CREATE_3D'>): void {
  const { target, format, height, depth, array_size, last_level, nr_samples, flags } = command;
  const isPlain =
    depth === 1 && array_size === 1 && last_level === 0 && nr_samples <= 1 && flags === 0;
  const isBuffer = target === pipeTargets.BUFFER && format === FORMAT_R8 && height === 1;
  const isImage = target === pipeTargets.TEXTURE_2D && format === gpuFormats.R8G8B8A8_UNORM;
  refuseUnless(
    isPlain && (isBuffer || isImage),
    INVALID,
    `Capset ${BELL_CAPSET} has no such resource (target ${target}, format ${format}).`,
  );
}

export const resourceCreateBlob: Handler<'RESOURCE_CREATE_BLOB'> = ({ session, rest }, command) => {
  const { resource_id: id, blob_mem, blob_flags, nr_entries } = command;
  const { resources, parts } = session;
  resources.checkNew(id);
  const bytes = Number(command.size);
  refuseUnless((blob_flags & ~BLOB_FLAGS) === 0, INVALID, `There are no blob flags ${blob_flags}.`);
  if (blob_mem === blobMemory.HOST3D && parts.channels !== undefined) {
    resources.add(channelBlob(session, command));
    return done();
  }
  refuseUnless(blob_mem === blobMemory.GUEST, INVALID, `No blobs are of memory ${blob_mem}.`);
  const resource: BlobResource = { kind: 'blob', id, bytes, backing: undefined, uuid: undefined };
  const make = (): Backing => {
    const backing = new Backing(parts.memory, rest, nr_entries);
    refuseUnless(
      bytes > 0 && bytes <= backing.bytes,
      INVALID,
      `A blob of ${bytes} bytes has pages of ${backing.bytes}.`,
    );
    return backing;
  };
  resources.attach(resource, make, nr_entries);
  resources.add(resource);
  return done();
};

export const resourceUnref: Handler<'RESOURCE_UNREF'> = async ({ session }, { resource_id }) => {
  const resource = session.resources.find(resource_id);
  if (resource.kind === 'channel-blob') {
    session.doorbells.unmap(resource);
  }
  await session.scanouts.forget(resource);
  session.contexts.forget(resource);
  await session.resources.remove(resource);
  return done();
};

export const resourceAttachBacking: Handler<'RESOURCE_ATTACH_BACKING'> = (
  { session, rest },
  { resource_id, nr_entries },
) => {
  const { resources, parts } = session;
  const resource = resources.find(resource_id);
  refuseUnless(resource.kind !== 'channel-blob', 'ERR_UNSPEC', 'It is memory of the host.');
  resources.attach(resource, () => new Backing(parts.memory, rest, nr_entries), nr_entries);
  return done();
};

export const resourceDetachBacking: Handler<'RESOURCE_DETACH_BACKING'> = (
  { session },
  { resource_id },
) => {
  const resource = session.resources.find(resource_id);
  backingOf(resource);
  session.resources.detach(resource);
  return done();
};

/** As in QEMU, a resource without one is no unknown resource. @throws Refusal */
export function backingOf({ id, backing }: Resource): Backing {
  refuseUnless(backing !== undefined, 'ERR_UNSPEC', `Resource ${id} has no backing.`);
  return backing;
}

export const resourceAssignUuid: Handler<'RESOURCE_ASSIGN_UUID'> = (
  { session },
  { resource_id },
) => {
  const resource = session.resources.find(resource_id);
  resource.uuid ??= makeUuid(session.parts.seed, session.uuids++);
  return replyWith('OK_RESOURCE_UUID', { uuid: resource.uuid });
};
