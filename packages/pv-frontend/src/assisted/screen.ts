/**
 * Showing images, which is the host's to do: by commands, once the work on an image is over. What
 * comes later and writes the image waits until it was shown.
 */
import type { Picture } from '../boxes.ts';
import type { VirtioGpuDevice } from '../device.ts';
import { type Step, step } from '../operation.ts';
import { resourceCreateBlob, resourceUnref, setScanoutBlob } from '../requests.ts';
import type { Channel } from './channel.ts';
import type { VramMemory } from './memory.ts';

export class Screen {
  private readonly device: VirtioGpuDevice;
  private readonly channel: Channel;
  private readonly onShown: (memory: VramMemory) => void;
  /** Presents that were called, that the device was given, and that are over. */
  private called = 0;
  private given = 0;
  private over = 0;

  /** @param onShown  a present of it is over. */
  constructor(device: VirtioGpuDevice, channel: Channel, onShown: (memory: VramMemory) => void) {
    this.device = device;
    this.channel = channel;
    this.onShown = onShown;
  }

  get idle(): boolean {
    return this.over === this.called;
  }

  /** Resolves when the device was given it. */
  async present(memory: VramMemory, picture: Picture): Promise<void> {
    const { queue } = this.channel;
    const turn = this.called++;
    const after = queue.last;
    const { lastUse } = memory;
    memory.presents.add(after);
    await queue.until(() => this.given === turn && queue.isOver(lastUse), 'dependency');
    this.given++;
    this.device.wake(); // the next one's turn
    await this.device.begin({
      steps: () => this.steps(memory, picture),
      ended: () => {
        this.over++;
        memory.presents.delete(after);
        this.onShown(memory);
      },
      again: false,
    });
  }

  private steps(memory: VramMemory, { width, height }: Picture): Step[] {
    const { handle, va, bytes } = memory;
    const r = { x: 0, y: 0, width, height };
    const create = step(() => resourceCreateBlob(this.channel.context, handle, va, bytes, 0));
    const isNew = !memory.isBlob;
    memory.isBlob = true;
    return [...(isNew ? [create] : []), ...this.device.scanout.show(memory, r, setScanoutBlob)];
  }

  /** Its memory is about to be given back. */
  forget(memory: VramMemory): void {
    const steps = this.leave(memory);
    if (steps.length > 0) {
      this.device.order.add({ steps: () => steps, again: false });
    }
  }

  /** The steps after which it is on no screen, and no blob. */
  leave(memory: VramMemory): Step[] {
    const { handle, isBlob } = memory;
    memory.isBlob = false;
    return isBlob ? [this.device.scanout.hide(memory), step(() => resourceUnref(handle))] : [];
  }
}
