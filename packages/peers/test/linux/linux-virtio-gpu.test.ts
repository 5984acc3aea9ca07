import { expect, it } from 'vitest';
import { linuxVirtioGpu } from '../../src/programs/linux-virtio-gpu.ts';
import { runPeer } from '../../src/run.ts';
import { describeWith } from '../needs.ts';
import { plainSurroundings } from './plain-surroundings.ts';

describeWith(linuxVirtioGpu.needs, "Debian's virtio_gpu driver", () => {
  it('draws on our device what it draws on that of QEMU', async () => {
    const result = await runPeer(linuxVirtioGpu, {}, plainSurroundings);
    expect(result.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(result).toMatchObject({ status: 'passed', why: '' });
    const names = result.checks.map(({ name }) => name);
    expect(names).toContain("modetest 640x480: as on QEMU's own device");
    expect(names).toContain('without our device: the guest goes on');
    const console = result.counts.find(({ title }) => title === 'text console')?.counts;
    expect(console?.['device.command.RESOURCE_FLUSH']).toBeGreaterThan(0);
    expect(result.pictures.map(({ name }) => name)).toContain('modetest 800x600');
  });
});
