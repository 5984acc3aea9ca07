import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleFolder } from '../../src/cache.ts';
import { describeWith } from '../needs.ts';

describeWith(['linux'], 'the bundle linux', () => {
  const modules = (): Map<string, string> => {
    const folder = join(bundleFolder('linux'), 'root/lib/modules');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return new Map(
      files
        .filter((file) => file.endsWith('.ko'))
        .map((file) => [
          file.replace(/^.*\//, '').replace('.ko', '').replaceAll('-', '_'),
          join(folder, file),
        ]),
    );
  };

  test.each(['virtio_pci', 'virtio_gpu', 'bochs'])(
    'has the module %s, and all that it depends on',
    (name) => {
      const found = modules();
      const wanted = [name];
      for (const each of wanted) {
        const path = found.get(each);
        expect(path, each).toBeDefined();
        const [, depends] = /\0depends=([^\0]*)\0/.exec(readFileSync(path!, 'latin1')) ?? [];
        expect(depends, each).toBeDefined();
        wanted.push(...depends.split(',').filter((other) => other !== ''));
      }
    },
  );

  test('has little that nobody asked for', () => {
    expect(modules().size).toBeLessThan(30);
  });
});

describeWith(['qemu', 'qemu-7.2'], 'the bundles of QEMU', () => {
  test.each(['qemu', 'qemu-7.2'] as const)('%s brings every library that it loads', (name) => {
    const root = join(bundleFolder(name), 'root/usr');
    const libraries = join(root, 'lib/x86_64-linux-gnu');
    const modules = readdirSync(join(libraries, 'qemu')).map((file) =>
      join(libraries, 'qemu', file),
    );
    const gpu = modules.filter((file) => /hw-display-virtio-(gpu|vga)|accel/.test(file));
    expect(gpu.length).toBeGreaterThan(1);
    for (const file of [join(root, 'bin/qemu-system-x86_64'), ...gpu]) {
      const args = ['--library-path', libraries, '--list', file];
      const { stdout } = spawnSync(join(libraries, 'ld-linux-x86-64.so.2'), args);
      const elsewhere = String(stdout)
        .split('\n')
        .filter((line) => line.includes('=>') && !line.includes(`=> ${libraries}/`));
      expect(elsewhere).toEqual([]);
      expect(String(stdout)).not.toBe('');
    }
  });
});
