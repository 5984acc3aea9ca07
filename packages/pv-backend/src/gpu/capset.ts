/** The capset `bell`: what the contexts' command streams may hold (VIRTIO 1.3 §5.7.6.8). */
import {
  BELL_CAPSET,
  BELL_CAPSET_VERSION,
  bellCapset,
  commands,
  type GpuFeatures,
} from '@doorbell/abi';
import type { Handler } from './call.ts';
import { refuseUnless } from './refusal.ts';
import { replyCapset, replyWith } from './reply.ts';

/** A buffer's size is a resource's width, which has 32 bits. */
const MOST_BYTES = 2 ** 32 - 1;
const OPCODES = 256;

/** How many there are: none when the renderer takes no commands. */
export function capsetCount({ commands }: GpuFeatures): number {
  return commands.size > 0 ? 1 : 0;
}

function encodeBellCapset(features: GpuFeatures): Uint8Array {
  const bits = new Uint8Array(OPCODES / 8);
  for (const name of features.commands) {
    const { opcode } = commands[name];
    bits[opcode >>> 3] |= 1 << (opcode & 7);
  }
  return bellCapset.encode({
    version: BELL_CAPSET_VERSION,
    max_buffer_bytes: BigInt(Math.min(features.maxBufferBytes, MOST_BYTES)),
    max_image_size: features.maxImageSize,
    commands: bits,
  });
}

export const getCapsetInfo: Handler<'GET_CAPSET_INFO'> = ({ session }, { capset_index }) => {
  const count = capsetCount(session.parts.renderer.features);
  refuseUnless(
    capset_index < count,
    'ERR_INVALID_PARAMETER',
    `There is no capset ${capset_index}.`,
  );
  return replyWith('OK_CAPSET_INFO', {
    capset_id: BELL_CAPSET,
    capset_max_version: BELL_CAPSET_VERSION,
    capset_max_size: bellCapset.size,
    padding: 0,
  });
};

export const getCapset: Handler<'GET_CAPSET'> = ({ session }, { capset_id, capset_version }) => {
  const { features } = session.parts.renderer;
  refuseUnless(
    capsetCount(features) > 0 &&
      capset_id === BELL_CAPSET &&
      capset_version === BELL_CAPSET_VERSION,
    'ERR_INVALID_PARAMETER',
    `There is no capset ${capset_id} of version ${capset_version}.`,
  );
  return replyCapset(encodeBellCapset(features));
};
