/**
 * Who drives a channel of bell. It gives packets to the device until the ring's end is reached, and
 * never learns what became of them. The rules of each call are at the declaration of
 * `ChannelDriver`, in `@doorbell/coursework`.
 */
import { GpuError } from '@doorbell/abi';
import type { ChannelDriver, ChannelPlace } from '@doorbell/coursework';

export class RingDriver implements ChannelDriver {
  private readonly place: ChannelPlace;
  /** Where the next packet goes, in bytes from the start of the ring. */
  private tail = 0;
  private nextFence: number;

  constructor(place: ChannelPlace) {
    this.place = place;
    this.nextFence = place.firstFence;
  }

  async submit(packets: Uint32Array): Promise<number> {
    const { memory, ring, doorbell } = this.place;
    if (this.tail + packets.byteLength >= ring.bytes) {
      throw new Error('The ring is used up, and beginning anew is not written yet.');
    }
    packets.forEach((word, index) => {
      memory.store32(ring.address + this.tail + 4 * index, word);
    });
    this.tail += packets.byteLength;
    doorbell.TAIL.write(this.tail);
    return this.nextFence++;
  }

  async wait(fence: number): Promise<void> {
    throw new GpuError('lost', `Waiting for fence ${fence} is not written yet.`);
  }

  interrupt(): void {
    // Whoever waits will have to be woken.
  }
}
