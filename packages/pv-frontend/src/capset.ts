/** What the device's contexts understand: the capset `bell`, if there is one (§5.7.6.8). */
import {
  BELL_CAPSET,
  BELL_CAPSET_VERSION,
  bellCapset,
  commandNames,
  commands,
  ctrlHeader,
  type GpuFeatures,
  gpuResponseLayouts,
  hasFeature,
  MAX_SURFACE,
  virtioGpuFeatures,
} from '@doorbell/abi';
import type { Session } from './probe.ts';
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

/** @param ask  gives the response to a command. */
export async function readFeatures(
  session: Session,
  ask: (request: Request) => Promise<Uint8Array>,
): Promise<GpuFeatures> {
  const { VIRGL, CONTEXT_INIT } = virtioGpuFeatures;
  if (!hasFeature(session.features, VIRGL) || !hasFeature(session.features, CONTEXT_INIT)) {
    return only2d;
  }
  for (let index = 0; index < Math.min(session.capsets, MOST_CAPSETS); index++) {
    const info = gpuResponseLayouts.OK_CAPSET_INFO.decode(await ask(getCapsetInfo(index)));
    const known = info.capset_max_version >= BELL_CAPSET_VERSION;
    if (info.capset_id === BELL_CAPSET && known && info.capset_max_size >= bellCapset.size) {
      const request = getCapset(BELL_CAPSET, BELL_CAPSET_VERSION, bellCapset.size);
      return decodeCapset(await ask(request));
    }
  }
  return only2d;
}

/** Too short a response is no capset: the device is one for images alone. */
function decodeCapset(response: Uint8Array): GpuFeatures {
  if (response.length < ctrlHeader.size + bellCapset.size) {
    return only2d;
  }
  const capset = bellCapset.decode(response, ctrlHeader.size);
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
