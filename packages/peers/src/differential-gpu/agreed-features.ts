/** What a virtio function has in its registers once a driver has it in hand (VIRTIO 1.3 §4.1.4.3). */
import {
  accessors,
  type FeatureSet,
  type PciDevice,
  virtioCommonConfig,
  virtioFeatures,
  virtioGpuFeatures,
} from '@doorbell/abi';

/** Where QEMU has the common configuration. */
const COMMON_BAR = 4;

const names = new Map<number, string>(
  [...Object.entries(virtioFeatures), ...Object.entries(virtioGpuFeatures)].map(([name, bit]) => [
    bit,
    name,
  ]),
);

export interface Agreement {
  readonly status: number;
  /** That the driver accepted, by name. */
  readonly features: readonly string[];
}

export function agreement(device: PciDevice): Agreement {
  const common = accessors(virtioCommonConfig, device.mapBar(COMMON_BAR), 0);
  const half = (select: number): FeatureSet => {
    common.DRIVER_FEATURE_SELECT.write(select);
    return BigInt(common.DRIVER_FEATURE.read());
  };
  const set = half(0) | (half(1) << 32n);
  return { status: common.DEVICE_STATUS.read(), features: namesOf(set) };
}

/** A feature without a name is called by its number. */
export function namesOf(set: FeatureSet): string[] {
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => ((set >> BigInt(bit)) & 1n) !== 0n)
    .map((bit) => names.get(bit) ?? String(bit));
}
