import {
  bdf,
  bellBars,
  bellIds,
  pcieCapability,
  capabilityIds,
  capabilityOffset,
} from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { stackSpec } from '../../src/stack-spec.ts';
import { buildStack } from '../../src/stacks/index.ts';
import { alone } from '../../src/stacks/stack.ts';
import { HOST_GPU } from '../../src/stacks/physical-machine.ts';
import { busMapOf } from '../../src/tlp/bus-map.ts';

function host() {
  return buildStack('native', {
    profile: profiles.get('free')!,
    options: stackSpec('native').options,
    guests: alone({ flip: () => undefined }),
  }).host;
}

describe('the map of a bus', () => {
  it('finds the BAR and the offset of each address, and nothing beside them', () => {
    const machine = host();
    const bus = busMapOf(machine);
    for (const { index, size } of Object.values(bellBars)) {
      const { address } = machine.bus.barAddress(HOST_GPU, index);
      expect(bus.place(address)).toEqual({ completer: HOST_GPU, bar: index, offset: 0 });
      expect(bus.place(address + size - 1)).toMatchObject({ bar: index, offset: size - 1 });
    }
    expect(bus.place(0)).toBeUndefined();
    expect(bus.ids(HOST_GPU)).toEqual({ vendor: bellIds.vendor, device: bellIds.device });
  });

  it('7.5.3.4: has the limits of a function from its device control, reserved values as 4096', () => {
    const machine = host();
    expect(busMapOf(machine).limits(HOST_GPU)).toEqual({ payload: 128, readRequest: 512 });
    const gpu = machine.bus.function(HOST_GPU);
    const at = capabilityOffset(
      (offset, width) => gpu.configRead(offset, width),
      capabilityIds.PCIE,
    );
    const { offset, bits } = pcieCapability.rows.DEVICE_CONTROL;
    gpu.configWrite(at + offset, 2, (1 << bits.MAX_PAYLOAD.lsb) | (7 << bits.MAX_READ.lsb));
    expect(busMapOf(machine).limits(HOST_GPU)).toEqual({ payload: 256, readRequest: 4096 });
  });

  it('has for a requester that is not on the bus what PCI Express has at reset', () => {
    expect(busMapOf(host()).limits(bdf(9, 0, 0))).toEqual({ payload: 128, readRequest: 512 });
  });
});
