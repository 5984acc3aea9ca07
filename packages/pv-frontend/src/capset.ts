/** What the device's contexts understand: its capsets (§5.7.6.8). */
import {
  BELL_CAPSET,
  BELL_CAPSET_VERSION,
  bellCapset,
  CHANNEL_CAPSET,
  CHANNEL_CAPSET_VERSION,
  channelCapset,
  commandNames,
  commands,
  ctrlHeader,
  type GpuFeatures,
  gpuResponseLayouts,
  hasFeature,
  MAX_SURFACE,
  virtioGpuFeatures,
} from '@doorbell/abi';
import { ProbeError } from './probe-error.ts';
import type { Session, VectorRange } from './probe.ts';
import { getCapset, getCapsetInfo, type Request } from './requests.ts';

/** The most capsets that are asked for: Linux's ids end at 63. */
const MOST_CAPSETS = 64;
/** A resource's width has 32 bits. */
const MOST_BYTES = 2 ** 32 - 1;

/** Features of a device that knows images alone. */
const only2d: GpuFeatures = {
  maxBufferBytes: 0,
  maxImageSize: MAX_SURFACE,
  commands: new Set(),
  compute: false,
};

/** Gives the response to a command. */
type Ask = (request: Request) => Promise<Uint8Array>;

/** Of the capset `bell`; without it the device knows images alone. */
export async function readFeatures(session: Session, ask: Ask): Promise<GpuFeatures> {
  const bytes = await readCapset(session, ask, {
    ...{ id: BELL_CAPSET, version: BELL_CAPSET_VERSION, size: bellCapset.size },
  });
  return bytes === undefined ? only2d : featuresOf(bellCapset.decode(bytes));
}

/** Of the capset `bell-channel`. @throws ProbeError when there is none. */
export async function readChannelFeatures(
  session: Session,
  ask: Ask,
): Promise<{ readonly features: GpuFeatures; readonly vectors: VectorRange }> {
  const bytes = await readCapset(session, ask, {
    ...{ id: CHANNEL_CAPSET, version: CHANNEL_CAPSET_VERSION, size: channelCapset.size },
  });
  if (bytes === undefined) {
    throw new ProbeError('The device has no channels: it does not offer the capset bell-channel.');
  }
  const capset = channelCapset.decode(bytes);
  const vectors = { first: capset.first_vector, count: capset.vectors };
  return { features: featuresOf(capset), vectors };
}

interface CapsetKind {
  readonly id: number;
  readonly version: number;
  /** In bytes. */
  readonly size: number;
}

/** Undefined: it is not offered, or its response is too short for one. */
async function readCapset(
  session: Session,
  ask: Ask,
  { id, version, size }: CapsetKind,
): Promise<Uint8Array | undefined> {
  const { VIRGL, CONTEXT_INIT } = virtioGpuFeatures;
  if (!hasFeature(session.features, VIRGL) || !hasFeature(session.features, CONTEXT_INIT)) {
    return undefined;
  }
  for (let index = 0; index < Math.min(session.capsets, MOST_CAPSETS); index++) {
    const info = gpuResponseLayouts.OK_CAPSET_INFO.decode(await ask(getCapsetInfo(index)));
    const known = info.capset_max_version >= version;
    if (info.capset_id === id && known && info.capset_max_size >= size) {
      const response = await ask(getCapset(id, version, size));
      return response.length < ctrlHeader.size + size
        ? undefined
        : response.subarray(ctrlHeader.size);
    }
  }
  return undefined;
}

interface CapsetLimits {
  readonly max_buffer_bytes: bigint;
  readonly max_image_size: number;
  readonly commands: Uint8Array;
}

function featuresOf(capset: CapsetLimits): GpuFeatures {
  const offered = (opcode: number): boolean =>
    ((capset.commands[opcode >>> 3] >>> (opcode & 7)) & 1) === 1;
  return {
    maxBufferBytes: Math.min(Number(capset.max_buffer_bytes), MOST_BYTES),
    maxImageSize: Math.min(capset.max_image_size, MAX_SURFACE),
    commands: new Set(commandNames.filter((name) => offered(commands[name].opcode))),
    compute: false,
  };
}

/** Whether a device can all that another could. */
export function covers(features: GpuFeatures, others: GpuFeatures): boolean {
  return (
    features.maxBufferBytes >= others.maxBufferBytes &&
    features.maxImageSize >= others.maxImageSize &&
    [...others.commands].every((name) => features.commands.has(name))
  );
}
