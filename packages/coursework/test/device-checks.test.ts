/** Checks of what a device says of itself fail where it says something else. */
import { labEnvironment } from '@doorbell/lab/node';
import { VirtioGpu } from '@doorbell/pv-backend';
import { expect, it } from 'vitest';
import { checkPart, type DevicePart } from '../src/index.ts';
import { bits, setOf } from '../src/virtio/gpu-bytes.ts';

/** A device that offers more, or less. */
const offering = (alter: (features: bigint) => bigint): typeof VirtioGpu =>
  class extends VirtioGpu {
    override get features(): bigint {
      return alter(super.features);
    }
  };

/** Confirms whatever a driver accepts, and takes less of it. */
class Obliging extends VirtioGpu {
  override get driverFeatures(): bigint {
    return super.driverFeatures;
  }
  override set driverFeatures(features: bigint) {
    super.driverFeatures = features & setOf(bits.VERSION_1);
  }
}

class NeverAtZero extends VirtioGpu {
  override get status(): number {
    return super.status | 1;
  }
}

class WholeConfig extends VirtioGpu {
  override readConfig(_offset: number, into: Uint8Array): void {
    super.readConfig(0, into);
  }
}

const wrong: readonly (readonly [id: string, Device: typeof VirtioGpu])[] = [
  ['2.1/begins-at-0', NeverAtZero],
  ['6.2/version-1', offering((features) => features & ~setOf(bits.VERSION_1))],
  ['6.2/no-sr-iov', offering((features) => features | setOf(bits.SR_IOV))],
  ['2.2.2/offers-dependencies', offering((features) => features & ~setOf(bits.VIRGL))],
  ['2.2.2/offers-known', offering((features) => features | setOf(23))],
  ['2.2.2/refuses-not-offered', Obliging],
  ['2.2.2/refuses-without-dependency', Obliging],
  ['2.5.2/any-part', WholeConfig],
];

it.each(wrong)('%s fails where it should', async (id, Device) => {
  const part: DevicePart = {
    ...{ kind: 'device', name: 'wrong' },
    open: (host, place) => new Device(host, { ...place, trace: { event: () => 0 } }),
  };
  const { status, seen } = await checkPart(part, `virtio-1.3/${id}`, labEnvironment);
  expect({ id, status }).toEqual({ id, status: 'failed' });
  expect(seen).not.toMatch(/TypeError/);
});
