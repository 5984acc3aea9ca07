import { CommandEncoder } from '@doorbell/abi';
import { expect, it, vi } from 'vitest';
import { fillOf } from '../../src/scenes/surface.ts';
import { Swapchain } from '../../src/scenes/swapchain.ts';
import { RecordingGpu } from './recording-gpu.ts';

it('takes its two images in turn, each only when the GPU has done with its last frame', async () => {
  const gpu = new RecordingGpu();
  const wait = vi.spyOn(gpu, 'wait');
  const swapchain = await Swapchain.create(gpu, 8, 4);
  const drawn: number[] = [];
  for (let frame = 0; frame < 5; frame++) {
    const image = await swapchain.next();
    drawn.push(image.handle);
    await swapchain.present(new CommandEncoder().fill(fillOf(image, frame)).finish());
  }
  expect(drawn[0]).not.toBe(drawn[1]);
  expect(drawn).toEqual([drawn[0], drawn[1], drawn[0], drawn[1], drawn[0]]);
  expect(gpu.presented.map(({ handle }) => handle)).toEqual(drawn);
  // Frame 2 waits for frame 0, which was submission 1, and so on.
  expect(wait.mock.calls).toEqual([[1], [2], [3]]);
  await swapchain.close();
  expect(gpu.resources.size).toBe(0);
});
