/** A driver under test with a mock device, its memory and its time. */
import type { Gpu } from '@doorbell/abi';
import type { OwnDriver } from '@doorbell/lab';
import { Mismatch } from '../check/mismatch.ts';
import type { FrontendPart } from '../part.ts';
import { CheckTime } from '../virtio/check-time.ts';
import { bits, setOf, wordsOf } from '../virtio/gpu-bytes.ts';
import { MockDevice } from './mock-device.ts';
import { StrictMemory } from './strict-memory.ts';

/** The capset `bell`: version, the largest buffer in bytes, the largest image's side, all commands. */
const bell = {
  ...{ id: 48, version: 1 },
  bytes: wordsOf([1, 1 << 24, 0, 1024, ...Array<number>(8).fill(0xffff_ffff)]),
};

export class FrontendRun {
  readonly time = new CheckTime();
  readonly memory = new StrictMemory();
  readonly device = new MockDevice(this.memory, this.time);
  private readonly part: FrontendPart;

  constructor(part: FrontendPart) {
    this.part = part;
  }

  /** The device has contexts, of the capset `bell`. */
  with3d(): void {
    this.device.offered |= setOf(bits.VIRGL, bits.CONTEXT_INIT);
    this.device.gpu.capsets = [bell];
  }

  /** @throws what the driver throws; Mismatch when it does not come back. */
  probe(): Promise<OwnDriver> {
    const { memory, device, time } = this;
    const { dma } = memory;
    return this.ended('probe', this.part.probe(device, { memory, dma, clock: time.clock }));
  }

  /** Lets time pass until a call is over. @throws what it throws; Mismatch when it does not come back. */
  async ended<T>(what: string, call: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    call.then(over, over);
    if (!(await this.time.until(() => isOver))) {
      throw new Mismatch(`an end of ${what}`, 'none, though two minutes passed');
    }
    return call;
  }

  /** What a call throws; undefined: nothing. @throws Mismatch when it does not come back. */
  async errorOf(what: string, call: () => Promise<unknown>): Promise<unknown> {
    try {
      await this.ended(what, call());
      return undefined;
    } catch (error) {
      if (error instanceof Mismatch) {
        throw error;
      }
      return error;
    }
  }

  /**
   * Images of 16 by 8 pixels are made, written, shown and destroyed: two, so that what is wrong with
   * the first, and nobody waits for, is told by a call of the second. @throws what the driver throws
   */
  draw(gpu: Gpu): Promise<void> {
    const work = async (): Promise<void> => {
      for (const _time of ['first', 'second']) {
        const image = await gpu.createImage(WIDTH, HEIGHT);
        await gpu.write(image, 0, picturePixels());
        await gpu.present(image);
        await gpu.read(image, 0, new Uint8Array(4 * WIDTH * HEIGHT));
        await gpu.destroy(image);
      }
    };
    return this.ended('two pictures', work());
  }

  /** Probe, a Gpu, a picture, and away: as far as it comes. */
  async life(): Promise<void> {
    const driver = await this.probe();
    try {
      const gpu = await this.ended('open', driver.open());
      await this.draw(gpu);
      await this.ended('close', gpu.close());
    } finally {
      await this.ended('remove', Promise.resolve(driver.remove()));
    }
  }

  /** @throws Mismatch when something is held, or the device was not reset, or the transport not released. */
  mustBeAway(): void {
    const { memory, device } = this;
    if (memory.held.length > 0) {
      throw new Mismatch('everything to be given back', memory.held.join(', '));
    }
    if ((device.status & 4) !== 0) {
      throw new Mismatch('the device to be reset', `the status ${device.status}`);
    }
    if (device.released !== 1) {
      throw new Mismatch('the transport to be released once', `${device.released} times`);
    }
  }
}

export const WIDTH = 16;
export const HEIGHT = 8;

/** All different, and opaque. */
export function picturePixels(): Uint8Array {
  return Uint8Array.from({ length: 4 * WIDTH * HEIGHT }, (_, index) =>
    index % 4 === 3 ? 0xff : (index * 5 + 3) & 0xff,
  );
}
