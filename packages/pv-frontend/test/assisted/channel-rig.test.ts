import { drawPackets, header, PAGE_BYTES, ringPackets } from '@doorbell/abi';
import { expect, test } from 'vitest';
import { ChannelRig } from './channel-rig.ts';

const { NOP, FENCE } = ringPackets;
const place = { ring: PAGE_BYTES, ringBytes: PAGE_BYTES, fence: 2 * PAGE_BYTES };

/** A channel with a ring and a fence word in RAM. */
function channel() {
  const rig = new ChannelRig();
  let interrupts = 0;
  const made = rig.gpu.open(() => interrupts++);
  const shared = rig.memory.dma.allocateCoherent(2 * PAGE_BYTES);
  made.mapMemory(place.ring, shared.iova, 1, false);
  made.mapMemory(place.fence, shared.iova + PAGE_BYTES, 1, true);
  made.start(place);
  const ring = (at: number, ...words: number[]): void => {
    words.forEach((word, index) => {
      rig.memory.store32(shared.address + at + index * 4, word);
    });
    const { endpoint, bar, offset } = made.doorbell;
    endpoint.barWrite(bar, offset, 4, at + words.length * 4);
  };
  const fence = (): number => rig.memory.load32(shared.address + PAGE_BYTES);
  return { rig, made, ring, fence, interrupts: () => interrupts };
}

test('the small GPU executes packets up to the tail, and interrupts when a fence asks for it', () => {
  const { ring, fence, interrupts } = channel();
  ring(0, header(NOP.opcode, 1), header(FENCE.opcode, 3), 7, 0);
  expect([fence(), interrupts()]).toEqual([7, 0]);
  ring(16, header(FENCE.opcode, 3), 8, 1);
  expect([fence(), interrupts()]).toEqual([8, 1]);
});

test('it waits while it is held', () => {
  const { rig, ring, fence } = channel();
  rig.gpu.isHeld = true;
  ring(0, header(FENCE.opcode, 3), 7, 0);
  expect(fence()).toBe(0);
  rig.gpu.release();
  expect(fence()).toBe(7);
});

test('it stops at a page that is not there, and at a packet that means nothing', () => {
  const { made, ring, interrupts } = channel();
  const { fill } = drawPackets;
  ring(0, header(fill.opcode, fill.words), 0x9000, 0, 1, 1, 0);
  expect(made.fault()).toMatchObject({ fault: 1, address: 0x9000, packet: place.ring });
  made.start(place);
  expect(made.fault()).toBeUndefined();
  ring(0, header(0x77, 1));
  expect(made.fault()).toMatchObject({ fault: 5 });
  expect(interrupts()).toBe(2);
});

test('it does not write what it may only read', () => {
  const { made, ring } = channel();
  const { fill } = drawPackets;
  ring(0, header(fill.opcode, fill.words), place.ring, 0, 1, 1, 0);
  expect(made.fault()).toMatchObject({ fault: 2, address: place.ring });
});
