/** Whatever is typed: nothing breaks, and when all users are gone nothing is left of it. */
import { profiles } from '@doorbell/hypervisor';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { labCommands } from '../../src/vfio/commands.ts';
import { VfioLab } from '../../src/vfio/lab.ts';

const functions = ['00:01.0', '01:00.0', '01:00.1', '04:00.0', '05:00.0', '0f:00.0'];
const drivers = ['vfio-pci', 'pci-stub', 'bell', 'snd_hda_intel', 'nouveau'];
const words = [
  ...[...functions, ...drivers, 'all', 'read', 'write', 'trigger', 'unmask', 'get', 'start'],
  ...['ioas', 'map', 'unmap', 'hwpt', 'destroy', 'ranges', '-device', 'vfio-pci,host=01:00.0'],
  ...['0', '1', '2', '3', '4', '5', '7', '0x1000', '4K', '64K', '1M', '0xfee00000', '1234', 'be12'],
  ...['r', 'w', 'rw', 'qemu', 'alice', 'bob', 'type1', '0x3fffffffffff000', '!'],
];

/** Lines that are likely to do something, in an order that is likely to. */
const likely = [
  'unbind 01:00.0',
  'unbind 01:00.1',
  'new_id vfio-pci 1234 be11',
  'new_id vfio-pci 1234 be12',
  'override 04:00.0 vfio-pci',
  'probe 04:00.0',
  'container',
  'group 2',
  'group 4',
  'set-container',
  'set-iommu',
  'map 0 0x10000 64K',
  'device 01:00.0',
  'device 04:00.0',
  'cdev 01:00.1',
  'iommufd',
  'iommufd ioas',
  'bind-iommufd',
  'attach 1',
  'qemu -device vfio-pci,host=01:00.0',
  'user alice',
  'user qemu',
];

const anyLine = fc
  .tuple(
    fc.constantFrom(...labCommands.map(({ name }) => name)),
    fc.array(fc.constantFrom(...words), { maxLength: 4 }),
  )
  .map(([name, args]) => [name, ...args].join(' '));

test('any lines in any order', () => {
  const lines = fc.array(fc.oneof(fc.constantFrom(...likely), anyLine), {
    minLength: 100,
    maxLength: 100,
    size: 'max',
  });
  fc.assert(
    fc.property(lines, (given) => {
      const lab = new VfioLab({ machine: 'board', profile: profiles.get('free')! });
      const { host } = lab.machine;
      const rest = host.pages.pagesUsed;
      given.forEach((line) => lab.run(line));
      for (const { name } of lab.allUsers()) {
        lab.kill(name);
      }
      // What is left is the first user, anew.
      expect(lab.allUsers().map(({ process }) => [process.lockedPages, process.pins])).toEqual([
        [0, 0],
      ]);
      expect(host.pages.pagesUsed).toBe(rest);
      for (const group of host.vfio.list()) {
        expect(group.owner).toBeUndefined();
        expect(['absent', 'idle']).toContain(host.vfio.stateOf(group.id));
      }
    }),
    { numRuns: 40 },
  );
});
