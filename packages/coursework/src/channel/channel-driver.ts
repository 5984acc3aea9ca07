/**
 * The contract of who drives one channel of bell: its ring, its doorbell, its fences. The channel is
 * set up: its page tables lead to the ring and to the fence's word, it is enabled, its vector is
 * routed. docs/reference/bell.md, "A submission, step by step".
 */
import type { Accessors, channelRegisters, Clock, doorbellRegisters, Memory } from '@doorbell/abi';

/** What is handed to who drives it. */
export interface ChannelPlace {
  readonly registers: Accessors<typeof channelRegisters.rows>;
  readonly doorbell: Accessors<typeof doorbellRegisters.rows>;
  readonly memory: Memory;
  readonly clock: Clock;
  /** The ring in RAM: the driver writes, the device reads. Its offset 0 is HEAD and TAIL. */
  readonly ring: { readonly address: number; readonly bytes: number };
  /** The word in RAM that FENCE packets write. It holds the number before `firstFence`. */
  readonly fence: number;
  /** What the first submission's fence is to be; those behind it count up, modulo 2^32. */
  readonly firstFence: number;
  /** After a fault: resets the channel and enables it again. The ring is empty, from offset 0. */
  readonly restart: () => void;
}

export interface ChannelDriver {
  /**
   * Gives packets to the device, behind all that was given before. Resolves to the number of the
   * fence behind them, once they are in the ring: it may have to wait for room, and keeps the order of calls then.
   * @throws RangeError when they are longer than half of the ring.
   */
  submit(packets: Uint32Array): Promise<number>;
  /**
   * Resolves once the fence has passed, and so all before it.
   * @throws GpuError `fault`, when the packets before it were lost to one. Those of other fences run.
   */
  wait(fence: number): Promise<void>;
  /** The handler of the channel's vector. It may be called when there is nothing to tell. */
  interrupt(): void;
}

export type OpenChannel = (place: ChannelPlace) => ChannelDriver;
