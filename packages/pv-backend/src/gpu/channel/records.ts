/** Does what the records of a stream ask for, in order: one function for each. */
import {
  BadCommand,
  type ChannelRecord,
  type ChannelRecordFields,
  type ChannelRecordName,
  decodeRecords,
} from '@doorbell/abi';
import type { Call } from '../call.ts';
import { Refusal, refuseUnless } from '../refusal.ts';
import type { GuestChannel } from './channel.ts';

const INVALID = 'ERR_INVALID_PARAMETER';

const handlers: {
  readonly [N in ChannelRecordName]: (
    channel: GuestChannel,
    fields: ChannelRecordFields<N>,
  ) => void | Promise<void>;
} = {
  ALLOCATE: (channel, fields) => channel.allocate(fields),
  MAP: (channel, fields) => channel.map(fields),
  UNMAP: (channel, fields) => {
    channel.unmap(fields);
  },
  START: (channel, fields) => {
    channel.start(fields);
  },
  STOP: (channel) => {
    channel.stop();
  },
};

function perform<N extends ChannelRecordName>(
  channel: GuestChannel,
  name: N,
  fields: ChannelRecordFields<N>,
): void | Promise<void> {
  return handlers[name](channel, fields);
}

/**
 * A stream that cannot be read is refused before anything of it is done; a record that is refused
 * ends it, and what stands before that stays done. A driver that resets the device takes its memory
 * back: nothing more is done for it. @throws Refusal, GpuError
 */
export async function doRecords(
  { session, isWanted }: Call,
  channel: GuestChannel,
  stream: Uint32Array,
): Promise<void> {
  const most = session.parts.limits.recordBytes;
  refuseUnless(stream.byteLength <= most, INVALID, `A stream has at most ${most} bytes.`);
  for (const { name, fields } of recordsOf(stream)) {
    if (!isWanted()) {
      return;
    }
    await perform(channel, name, fields);
  }
}

function recordsOf(stream: Uint32Array): ChannelRecord[] {
  try {
    return decodeRecords(stream);
  } catch (error) {
    throw error instanceof BadCommand ? new Refusal(INVALID, error.message) : error;
  }
}
