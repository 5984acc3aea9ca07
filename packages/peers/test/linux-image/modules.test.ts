import { expect, it } from 'vitest';
import { LinuxBundle } from '../../src/linux/bundle.ts';
import { ModuleTree } from '../../src/linux/modules.ts';
import { PeerUnavailable } from '../../src/peer-unavailable.ts';
import { describeWith } from '../needs.ts';

describeWith(['linux'], 'ModuleTree', () => {
  const tree = (): ModuleTree => new ModuleTree(new LinuxBundle().modulesFolder);
  const names = (of: readonly string[]): string[] =>
    tree()
      .inOrder(of)
      .map(({ name }) => name);

  it('has each module once, after all that it depends on', () => {
    const modules = tree().inOrder(['virtio_gpu', 'bochs', 'virtio_pci']);
    const seen = new Set<string>();
    for (const { name, depends } of modules) {
      expect(depends.filter((other) => !seen.has(other))).toEqual([]);
      expect(seen.has(name)).toBe(false);
      seen.add(name);
    }
    expect([...seen]).toEqual(expect.arrayContaining(['virtio_gpu', 'bochs', 'drm', 'virtio']));
  });

  it("takes a module's name with - for the same as with _", () => {
    expect(names(['virtio-gpu'])).toEqual(names(['virtio_gpu']));
  });

  it('says which module there is not', () => {
    expect(() => names(['no_such'])).toThrow(PeerUnavailable);
    expect(() => names(['no_such'])).toThrow('no_such');
  });
});
