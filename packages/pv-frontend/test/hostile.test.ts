/** A device that lies: whatever it answers is an error with a name, and never a crash or a hang. */
import { type Gpu, gpuResponses, usedRing } from '@doorbell/abi';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FrontendOptions, VirtioGpuDriver } from '../src/index.ts';
import { Bench, fillWords } from './bench.ts';
import { failure, header, type Received } from './test-device.ts';

async function opened(
  options: Partial<FrontendOptions> = {},
): Promise<{ bench: Bench; driver: VirtioGpuDriver; gpu: Gpu }> {
  const bench = new Bench();
  const driver = await bench.probe(options);
  return { bench, driver, gpu: await driver.open() };
}

const onSubmit =
  (answer: Uint8Array | 'silent') =>
  ({ name }: Received): Uint8Array | 'silent' | undefined =>
    name === 'SUBMIT_3D' ? answer : undefined;

describe('5.7.6.7: an error response', () => {
  test.each([
    ['ERR_UNSPEC', 'fault'],
    ['ERR_OUT_OF_MEMORY', 'out-of-memory'],
    ['ERR_INVALID_RESOURCE_ID', 'bad-handle'],
    ['ERR_INVALID_PARAMETER', 'bad-command'],
  ] as const)('%s of a stream is a `%s` for who waits for it, and no end', async (name, code) => {
    const { bench, gpu } = await opened();
    const buffer = await gpu.createBuffer(64, 'device');
    bench.device.script = onSubmit(failure(name));
    const fence = await gpu.submit(fillWords(buffer.handle, 0, 1, 1));
    await expect(gpu.wait(fence)).rejects.toMatchObject({ code });
    bench.device.script = undefined;
    await gpu.wait(await gpu.submit(fillWords(buffer.handle, 0, 1, 1)));
    await gpu.close();
  });

  test('of a creation leaves no resource behind', async () => {
    const { bench, gpu } = await opened();
    bench.device.script = ({ name }) =>
      name === 'RESOURCE_CREATE_3D' ? failure('ERR_OUT_OF_MEMORY') : undefined;
    await expect(gpu.createBuffer(64, 'device')).rejects.toMatchObject({ code: 'out-of-memory' });
    await expect(gpu.write({ handle: 1, bytes: 64 }, 0, new Uint8Array(4))).rejects.toMatchObject({
      code: 'bad-handle',
    });
  });

  test('of a transfer that nobody waits for is told to the next call', async () => {
    const { bench, gpu } = await opened({ batch: 8 });
    const buffer = await gpu.createBuffer(64, 'device');
    bench.device.script = ({ name }) =>
      name === 'TRANSFER_TO_HOST_3D' ? failure('ERR_INVALID_PARAMETER') : undefined;
    await gpu.write(buffer, 0, new Uint8Array(4));
    await gpu.read(buffer, 8, new Uint8Array(4));
    await expect(gpu.read(buffer, 8, new Uint8Array(4))).rejects.toMatchObject({
      code: 'bad-range',
    });
    await gpu.read(buffer, 8, new Uint8Array(4));
  });
});

describe('a device that breaks the rules is lost', () => {
  const fenceOf = (type: number, flags: number, fence: number): Uint8Array => {
    const bytes = header(type);
    const view = new DataView(bytes.buffer);
    view.setUint32(4, flags, true);
    view.setUint32(8, fence, true);
    return bytes;
  };
  const answers: readonly [string, Uint8Array][] = [
    ['5.7.6.7: of no known type', header(0x7777)],
    ['5.7.6.7: of a type for another command', header(gpuResponses.OK_DISPLAY_INFO)],
    ['5.7.6.7: shorter than a header', new Uint8Array(23)],
    ['5.7.6.7: of no bytes', new Uint8Array()],
    ['5.7.6.7: without the flag of a fenced command', header(gpuResponses.OK_NODATA)],
    ['5.7.6.7: with another fence', fenceOf(gpuResponses.OK_NODATA, 1, 0x1234)],
  ];
  for (const [what, answer] of answers) {
    test(`when its response is ${what.slice(9)} (${what.slice(0, 7)})`, async () => {
      const { bench, driver, gpu } = await opened();
      const buffer = await gpu.createBuffer(64, 'device');
      bench.device.script = onSubmit(answer);
      const fence = await gpu.submit(fillWords(buffer.handle, 0, 1, 1));
      await expect(gpu.wait(fence)).rejects.toMatchObject({ code: 'lost' });
      expect(bench.device.status, 'it was reset').toBe(0);
      await expect(gpu.createBuffer(4, 'host')).rejects.toMatchObject({ code: 'lost' });
      await gpu.close();
      await driver.remove();
      expect(bench.memory.leaks()).toEqual([]);
    });
  }

  test('2.7.8: when it uses a chain that it was not given', async () => {
    const { bench, gpu } = await opened();
    const buffer = await gpu.createBuffer(64, 'device');
    bench.device.script = () => {
      const { used } = bench.device.setups[0];
      const idx = bench.memory.device.load16(used + usedRing.IDX);
      bench.memory.device.store16(used + usedRing.IDX, (idx + 40) & 0xffff);
      return 'silent';
    };
    const fence = await gpu.submit(fillWords(buffer.handle, 0, 1, 1));
    await expect(gpu.wait(fence)).rejects.toMatchObject({ code: 'lost' });
  });

  test('2.1.2: when it asks for a reset', async () => {
    const { bench, gpu } = await opened();
    bench.device.loses = () => true;
    await expect(gpu.createBuffer(4, 'device')).rejects.toMatchObject({ code: 'lost' });
    await gpu.close();
  });

  test('when it says nothing for ten seconds', async () => {
    const { bench, gpu } = await opened();
    bench.device.script = () => 'silent';
    await expect(gpu.createBuffer(4, 'device')).rejects.toMatchObject({ code: 'lost' });
    expect(bench.clock.now()).toBeGreaterThan(9_000_000_000);
  });

  test('and polling notices too', async () => {
    const { bench, gpu } = await opened({ notify: 'poll', pollNs: 1_000_000 });
    bench.device.script = () => 'silent';
    await expect(gpu.createBuffer(4, 'device')).rejects.toMatchObject({ code: 'lost' });
  });
});

test('whatever bytes it answers, every call ends, and nothing leaks', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.oneof(fc.constant(undefined), fc.uint8Array({ maxLength: 64 })), { maxLength: 12 }),
    fc.boolean(),
    async (answers, packed) => {
      const { bench, driver, gpu } = await opened({ ring: packed ? 'packed' : 'split', batch: 2 });
      bench.device.script = () => answers.shift();
      const attempt = async (call: () => Promise<unknown>): Promise<void> => {
        await call().catch((error: unknown) => {
          expect(error).toMatchObject({ name: 'GpuError' });
        });
      };
      for (let round = 0; round < 3; round++) {
        await attempt(async () => {
          const image = await gpu.createImage(4, 4);
          await gpu.write(image, 1, new Uint8Array(30));
          await gpu.present(image);
          await gpu.wait(await gpu.submit(fillWords(image.handle, 0, 2, 3)));
          await gpu.destroy(image);
        });
      }
      await attempt(() => gpu.close());
      await driver.remove();
      expect(bench.memory.leaks()).toEqual([]);
      expect(bench.memory.refused).toEqual([]);
    },
  );
  await fc.assert(property, { numRuns: 100, seed: 3 });
});
