/** What bell's driver is made of, for who builds another one: a channel can be set up without a `Gpu` on it. */
export { Undo } from '../undo.ts';
export { AddressSpace } from './address-space.ts';
export { Channel, type ChannelSetup } from './channel.ts';
export { DmaBuffer } from './dma-buffer.ts';
export { hasPassed } from './fence.ts';
export { takeInHand } from './probe.ts';
export { Ring } from './ring.ts';
