/**
 * Blobs of the host's memory (VIRTIO 1.3 §5.7.6.8, HOST3D): VRAM of a channel, which can be shown,
 * and a channel's doorbell page, which can be mapped.
 */
import { blobFlags, DOORBELL_BLOB, type GpuCommand, mapCaching, PAGE_BYTES } from '@doorbell/abi';
import type { Handler } from '../call.ts';
import { refuseUnless } from '../refusal.ts';
import { done, replyWith } from '../reply.ts';
import type { ChannelBlobResource, Resource } from '../resource.ts';
import type { Session } from '../session.ts';

const INVALID = 'ERR_INVALID_PARAMETER';

/** @throws Refusal */
export function channelBlob(
  { contexts }: Session,
  command: GpuCommand<'RESOURCE_CREATE_BLOB'>,
): ChannelBlobResource {
  const { hdr, resource_id: id, blob_flags, nr_entries, blob_id, size } = command;
  const { channel } = contexts.find(hdr.ctx_id);
  refuseUnless(channel !== undefined, INVALID, `Context ${hdr.ctx_id} has no memory for blobs.`);
  refuseUnless(nr_entries === 0, INVALID, 'A blob of host memory has no pages of the driver.');
  const va = Number(blob_id);
  const bytes = Number(size);
  const isDoorbell = va === DOORBELL_BLOB;
  const isMappable = (blob_flags & blobFlags.MAPPABLE) !== 0;
  refuseUnless(isDoorbell === isMappable, INVALID, 'A doorbell page can be mapped, no other blob.');
  refuseUnless(!isDoorbell || bytes === PAGE_BYTES, INVALID, 'A doorbell is of one page.');
  channel.addBlob(va, bytes);
  return {
    ...{ kind: 'channel-blob', id, bytes, channel, va },
    ...{ mappedAt: undefined, backing: undefined, uuid: undefined },
  };
}

/** @throws Refusal */
function doorbellOf(resource: Resource): ChannelBlobResource {
  refuseUnless(
    resource.kind === 'channel-blob' && resource.va === DOORBELL_BLOB,
    'ERR_UNSPEC',
    `Resource ${resource.id} cannot be mapped: it is no doorbell page.`,
  );
  return resource;
}

export const resourceMapBlob: Handler<'RESOURCE_MAP_BLOB'> = (
  { session },
  { resource_id, offset },
) => {
  const blob = doorbellOf(session.resources.find(resource_id));
  session.doorbells.map(blob, Number(offset));
  return replyWith('OK_MAP_INFO', { map_info: mapCaching.UNCACHED, padding: 0 });
};

export const resourceUnmapBlob: Handler<'RESOURCE_UNMAP_BLOB'> = ({ session }, { resource_id }) => {
  const blob = doorbellOf(session.resources.find(resource_id));
  refuseUnless(blob.mappedAt !== undefined, INVALID, `Blob ${resource_id} is not mapped.`);
  session.doorbells.unmap(blob);
  return done();
};
