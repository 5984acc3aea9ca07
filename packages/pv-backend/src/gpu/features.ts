/** What the device offers, and which choices of a driver it can work with (VIRTIO 1.3 §5.7.3). */
import {
  type FeatureSet,
  featureSet,
  hasFeature,
  virtioFeatures,
  virtioGpuFeatures,
} from '@doorbell/abi';

const { VERSION_1, INDIRECT_DESC, EVENT_IDX, ACCESS_PLATFORM, RING_PACKED, RING_RESET } =
  virtioFeatures;
const { VIRGL, CONTEXT_INIT, EDID, RESOURCE_UUID, RESOURCE_BLOB } = virtioGpuFeatures;

/**
 * Not IN_ORDER: a fenced command is answered after later ones that are not fenced.
 * @param translated  addresses are not the machine's own (§6.1, VIRTIO_F_ACCESS_PLATFORM).
 */
export function offeredFeatures(hasCapsets: boolean, translated: boolean): FeatureSet {
  return featureSet(
    VERSION_1,
    INDIRECT_DESC,
    EVENT_IDX,
    RING_PACKED,
    RING_RESET,
    EDID,
    RESOURCE_UUID,
    RESOURCE_BLOB,
    ...(hasCapsets ? [VIRGL, CONTEXT_INIT] : []),
    ...(translated ? [ACCESS_PLATFORM] : []),
  );
}

/** §5.7.3: CONTEXT_INIT needs VIRGL. §6.2: who does not accept ACCESS_PLATFORM may be refused. */
export function isAcceptable(accepted: FeatureSet, offered: FeatureSet): boolean {
  const isComplete = !hasFeature(accepted, CONTEXT_INIT) || hasFeature(accepted, VIRGL);
  const isTranslated = hasFeature(offered, ACCESS_PLATFORM);
  return isComplete && (!isTranslated || hasFeature(accepted, ACCESS_PLATFORM));
}
