import { bdf, type1Header } from '@doorbell/abi';
import { Audio, Edu } from '@doorbell/device-model';
import { expect, test } from 'vitest';
import { Host } from '../src/host.ts';
import { profiles } from '../src/profile.ts';
import { resetBuses } from '../src/secondary-bus-reset.ts';

const { BRIDGE_CONTROL } = type1Header.rows;

test('all that is behind the bridge is reset, and the bit is cleared again', () => {
  const host = new Host({
    profile: profiles.get('free')!,
    iommu: 'strict',
    display: { flip: () => undefined },
    memoryBytes: 16 << 20,
  });
  const port = host.addPort(bdf(0, 1, 0), 'ROOT_PORT');
  port.plug(0, (ports) => new Audio(ports, { multifunction: true }));
  port.plug(1, (ports) => new Audio(ports, { multifunction: true }));
  host.plug(bdf(0, 3, 0), (ports) => new Edu(ports));
  host.enumerate();
  const buses = resetBuses(() => host.topology);
  const [first, second, other] = [bdf(1, 0, 0), bdf(1, 0, 1), bdf(0, 3, 0)];
  expect(buses.affected(second)).toEqual([first, second]);
  expect(buses.affected(other)).toBeUndefined();
  for (const at of [first, second, other]) {
    host.topology.endpoint(at).configWrite(0x04, 2, 6);
  }
  buses.reset(first);
  buses.reset(other);
  const commands = [first, second, other].map((at) =>
    host.topology.endpoint(at).configRead(0x04, 2),
  );
  expect(commands).toEqual([0, 0, 6]);
  const bridge = host.topology.endpoint(bdf(0, 1, 0));
  expect(bridge.configRead(BRIDGE_CONTROL.offset, 2) & 0x40).toBe(0);
});
