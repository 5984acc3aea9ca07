/** Capsets: what the contexts' streams may hold (VIRTIO 1.3 §5.7.6.8). */
import {
  BELL_CAPSET,
  BELL_CAPSET_VERSION,
  bellCapset,
  CHANNEL_CAPSET,
  CHANNEL_CAPSET_VERSION,
  channelCapset,
  commands,
  type GpuFeatures,
} from '@doorbell/abi';
import type { Handler } from './call.ts';
import type { ChannelParts } from './channel/channel-parts.ts';
import { refuseUnless } from './refusal.ts';
import { replyCapset, replyWith } from './reply.ts';
import type { VirtioGpuParts } from './virtio-gpu-parts.ts';

/** A buffer's size is a resource's width, which has 32 bits. */
const MOST_BYTES = 2 ** 32 - 1;
const OPCODES = 256;
const INVALID = 'ERR_INVALID_PARAMETER';

interface Capset {
  readonly id: number;
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** By index: `bell` when the renderer takes commands, `bell-channel` when there are channels. */
export function capsetsOf({
  renderer: { features },
  channels,
}: Pick<VirtioGpuParts, 'renderer'> & {
  readonly channels?: ChannelParts | undefined;
}): readonly Capset[] {
  return [
    ...(features.commands.size > 0 ? [ofBell(features)] : []),
    ...(channels === undefined ? [] : [ofChannels(channels)]),
  ];
}

function ofBell(features: GpuFeatures): Capset {
  const bytes = bellCapset.encode({ version: BELL_CAPSET_VERSION, ...limitsOf(features) });
  return { id: BELL_CAPSET, version: BELL_CAPSET_VERSION, bytes };
}

function ofChannels({ host, firstVector, vectors }: ChannelParts): Capset {
  const bytes = channelCapset.encode({
    version: CHANNEL_CAPSET_VERSION,
    ...limitsOf(host.features),
    ...{ first_vector: firstVector, vectors },
  });
  return { id: CHANNEL_CAPSET, version: CHANNEL_CAPSET_VERSION, bytes };
}

function limitsOf({ maxBufferBytes, maxImageSize, commands: offered }: GpuFeatures) {
  const bits = new Uint8Array(OPCODES / 8);
  for (const name of offered) {
    const { opcode } = commands[name];
    bits[opcode >>> 3] |= 1 << (opcode & 7);
  }
  return {
    max_buffer_bytes: BigInt(Math.min(maxBufferBytes, MOST_BYTES)),
    max_image_size: maxImageSize,
    commands: bits,
  };
}

export const getCapsetInfo: Handler<'GET_CAPSET_INFO'> = ({ session }, { capset_index }) => {
  const capset = capsetsOf(session.parts)[capset_index];
  refuseUnless(capset !== undefined, INVALID, `There is no capset ${capset_index}.`);
  return replyWith('OK_CAPSET_INFO', {
    capset_id: capset.id,
    capset_max_version: capset.version,
    capset_max_size: capset.bytes.length,
    padding: 0,
  });
};

export const getCapset: Handler<'GET_CAPSET'> = ({ session }, { capset_id, capset_version }) => {
  const capset = capsetsOf(session.parts).find(
    ({ id, version }) => id === capset_id && version === capset_version,
  );
  refuseUnless(
    capset !== undefined,
    INVALID,
    `There is no capset ${capset_id} of version ${capset_version}.`,
  );
  return replyCapset(capset.bytes);
};
