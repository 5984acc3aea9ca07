/** Contexts, what they may name, and the work that they submit (VIRTIO 1.3 §5.7.6.8). */
import {
  BadCommand,
  BELL_CAPSET,
  CHANNEL_CAPSET,
  type CommandBuffer,
  renameHandles,
} from '@doorbell/abi';
import type { Handler } from './call.ts';
import { doRecords } from './channel/records.ts';
import { attachedTo, type Context } from './context.ts';
import { Refusal, refuseUnless } from './refusal.ts';
import { done } from './reply.ts';
import { hostBytes, isRenderers } from './resource.ts';

const INVALID = 'ERR_INVALID_PARAMETER';
const WORD_BYTES = 4;

/** The capset is in bits 7:0 of `context_init`; the others are reserved. The name is not used. */
export const ctxCreate: Handler<'CTX_CREATE'> = ({ session }, { hdr, context_init }) => {
  const isChannel = context_init === CHANNEL_CAPSET && session.parts.channels !== undefined;
  refuseUnless(
    context_init === BELL_CAPSET || isChannel,
    INVALID,
    `There are no contexts of capset ${context_init}.`,
  );
  session.contexts.add(hdr.ctx_id, isChannel ? () => session.openChannel() : undefined);
  return done();
};

/** Its resources stay: they are the device's. */
export const ctxDestroy: Handler<'CTX_DESTROY'> = ({ session: { contexts } }, { hdr }) => {
  contexts.remove(contexts.find(hdr.ctx_id));
  return done();
};

export const ctxAttachResource: Handler<'CTX_ATTACH_RESOURCE'> = ({ session }, command) => {
  const { id } = session.contexts.find(command.hdr.ctx_id);
  session.contexts.attach(id, session.resources.find(command.resource_id));
  return done();
};

export const ctxDetachResource: Handler<'CTX_DETACH_RESOURCE'> = ({ session }, command) => {
  session.contexts.detach(command.hdr.ctx_id, command.resource_id);
  return done();
};

export const submit3d: Handler<'SUBMIT_3D'> = async (call, { hdr, size }) => {
  const { session, rest } = call;
  const context = session.contexts.find(hdr.ctx_id);
  refuseUnless(
    size % WORD_BYTES === 0 && size <= rest.length,
    INVALID,
    `A command stream of ${size} bytes is not in ${rest.length}.`,
  );
  const stream: CommandBuffer = { words: new Uint32Array(rest.slice(0, size).buffer) };
  if (context.channel !== undefined) {
    await doRecords(call, context.channel, stream.words);
    return done();
  }
  const work = await session.parts.renderer.submit(rendererStream(context, stream));
  session.lastWork = work;
  return done(work);
};

/** The stream with the renderer's handles, once every range that it names was checked. @throws Refusal */
function rendererStream(context: Context, stream: CommandBuffer): CommandBuffer {
  try {
    return renameHandles(stream, (id, offset, bytes) => {
      const resource = attachedTo(context, id);
      refuseUnless(isRenderers(resource), 'ERR_INVALID_RESOURCE_ID', `Resource ${id} is a blob.`);
      refuseUnless(
        offset + bytes <= hostBytes(resource.host),
        INVALID,
        `${bytes} bytes at ${offset} reach beyond resource ${id}.`,
      );
      return resource.host.handle;
    });
  } catch (error) {
    throw error instanceof BadCommand ? new Refusal(INVALID, error.message) : error;
  }
}
