import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeWith } from '../needs.ts';
import { withMachine } from './with-machine.ts';

describeWith(['qemu'], 'a machine', () => {
  it('tells what QEMU said when it did not start, and leaves nothing', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const started = withMachine({ devices: ['no-such-device'] }, async () => {});
    await expect(started).rejects.toThrow(/no-such-device/);
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before + 1);
  });

  it('leaves no descriptor, no file, and no process', async () => {
    await withMachine({ devices: [] }, async () => {});
    const before = readdirSync('/proc/self/fd').length;
    for (let times = 0; times < 3; times++) {
      const { exit } = await withMachine({ devices: ['edu,addr=3'] }, async ({ qemu }) => qemu);
      await exit;
    }
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
  });

  it('refuses memory that Q35 would split', async () => {
    for (const memoryBytes of [0, 1 << 20, (4 << 20) + 1, 2 ** 32]) {
      await expect(withMachine({ devices: [], memoryBytes }, async () => {})).rejects.toThrow(
        RangeError,
      );
    }
  });

  it('hands descriptors on to QEMU as 4, 5 and so on', async () => {
    await withMachine(
      {
        devices: ['virtio-gpu-pci,addr=3'],
        descriptors: ['pipe'],
        args: ['-chardev', 'socket,id=extra,fd=4', '-mon', 'chardev=extra,mode=control'],
      },
      async ({ qemu }) => {
        const greeting = await new Promise<Buffer>((resolve) => {
          qemu.extra(0).once('data', resolve);
        });
        expect(JSON.parse(greeting.toString())).toHaveProperty('QMP');
      },
    );
  });
});
