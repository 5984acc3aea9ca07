import { bdf, crossing, crossingOf, type DeviceHost } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { Host } from '../src/host.ts';
import { profiles } from '../src/profile.ts';
import type { DeviceModel } from '../src/wiring.ts';
import { FakeEndpoint } from './fake-endpoint.ts';

const AT = bdf(0, 2, 0);

/** A device that does what a test tells it. */
class Puppet extends FakeEndpoint implements DeviceModel {
  readonly host: DeviceHost;

  constructor(host: DeviceHost) {
    super();
    this.host = host;
  }

  onTimer(): void {
    // It has none.
  }

  reset(): void {
    // It has no state.
  }

  save(): undefined {
    return undefined;
  }

  load(): void {
    // It has no state.
  }
}

function plugged() {
  const host = new Host({
    profile: profiles.get('free')!,
    display: { flip: () => undefined },
    iommu: 'off',
    memoryBytes: 1 << 20,
  });
  const { host: device } = host.plug(AT, (ports) => new Puppet(ports));
  host.enumerate();
  host.machine.tracer.recording = true;
  return { host, device };
}

it('traces the writes that are interrupts, and changes of the line, with who sent them', () => {
  const { host, device } = plugged();
  device.message(0xfee0_0000, 0x21);
  device.line(true);
  device.line(false);
  const sender = crossing.of(AT, crossingOf.WRITE);
  const events = [...host.machine.tracer].map(({ kind, a, b, c }) => [kind, a, b, c]);
  expect(events).toEqual([
    ['message', 0xfee0_0000, 0x21, sender],
    ['line', 1, 0, sender],
    ['line', 0, 0, sender],
  ]);
  expect(host.machine.counts.interrupts).toBe(2);
});
