import { expect, test } from 'vitest';
import { bdf, PAGE_BYTES } from '@doorbell/abi';
import { Bell } from '@doorbell/device-model';
import { HostBell } from '../../src/host-bell/host-bell.ts';
import { Host } from '../../src/host.ts';
import { MdevParent } from '../../src/mdev/mdev-parent.ts';
import { profiles } from '../../src/profile.ts';
import { MediatedHost, VRAM_PAGES } from '../../testing/mediated-guest.ts';

const uuid = (index: number): string => `00000000-0000-4000-8000-00000000000${index}`;

function instances({ parent }: MediatedHost): Record<string, number> {
  return Object.fromEntries(parent.types().map((type) => [type.name, type.available_instances]));
}

test('types are shares of one GPU: an instance of one takes from all', () => {
  const rig = new MediatedHost();
  const { parent } = rig;
  expect(instances(rig)).toEqual({ 'bell-1': 1, 'bell-2': 2, 'bell-4': 4, 'bell-8': 8 });
  expect(parent.types()[0].device_api).toBe('vfio-pci');
  parent.create('bell-4', uuid(0));
  expect(instances(rig)).toEqual({ 'bell-1': 0, 'bell-2': 1, 'bell-4': 3, 'bell-8': 6 });
  parent.create('bell-8', uuid(1));
  expect(instances(rig)).toEqual({ 'bell-1': 0, 'bell-2': 1, 'bell-4': 2, 'bell-8': 5 });
  parent.remove(uuid(0));
  parent.remove(uuid(1).toUpperCase());
  expect(parent.list()).toEqual([]);
  expect(instances(rig)).toEqual({ 'bell-1': 1, 'bell-2': 2, 'bell-4': 4, 'bell-8': 8 });
});

test('refuses with the errno that Linux gives', () => {
  const { parent } = new MediatedHost();
  parent.create('bell-2', uuid(0));
  const refused = (act: () => unknown, errno: string): void => {
    expect(act).toThrow(expect.objectContaining({ errno }));
  };
  refused(() => parent.create('bell-3', uuid(1)), 'ENOENT');
  refused(() => parent.create('bell-2', 'nonsense'), 'EINVAL');
  refused(() => parent.create('bell-2', `${uuid(1)}0`), 'EINVAL');
  refused(() => parent.create('bell-2', uuid(0)), 'EEXIST');
  refused(() => parent.create('bell-1', uuid(1)), 'ENOSPC');
  refused(() => {
    parent.remove(uuid(1));
  }, 'ENOENT');
});

test('a device that is open is not removed', () => {
  const rig = new MediatedHost();
  const guest = rig.guest();
  expect(() => {
    rig.parent.remove(guest.uuid);
  }).toThrow(expect.objectContaining({ errno: 'EBUSY' }));
  guest.process.exit();
  rig.parent.remove(guest.uuid);
});

test('what the last guest left in VRAM is gone before the next one sees it', () => {
  const rig = new MediatedHost();
  const guest = rig.guest();
  guest.vram.write(100 * PAGE_BYTES, 4, 0x5ec4e7);
  guest.process.exit();
  rig.parent.remove(guest.uuid);
  const next = rig.guest();
  expect(next.vram.read(100 * PAGE_BYTES, 4)).toBe(0);
});

test('there is none without an IOMMU', () => {
  const at = bdf(0, 2, 0);
  const rates = {
    ...{ packet: 1, fillByte: 0, copyByte: 0, blitPixel: 0 },
    ...{ vertex: 0, triangle: 0, pixel: 0, tlbMiss: 0 },
  };
  const display = { flip: () => undefined };
  const profile = profiles.get('free')!;
  const host = new Host({ profile, display, iommu: 'off', memoryBytes: 16 << 20 });
  host.plug(at, (ports) => new Bell(ports, rates, { vramBytes: VRAM_PAGES * PAGE_BYTES }));
  host.enumerate();
  const bell = new HostBell(host, at);
  expect(() => new MdevParent(bell)).toThrow(expect.objectContaining({ errno: 'EINVAL' }));
});
