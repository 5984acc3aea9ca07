import { crossing, crossingOf, PAGE_BYTES } from '@doorbell/abi';
import { PagedMemory } from '@doorbell/device-model';
import { describe, expect, it } from 'vitest';
import {
  DmaPath,
  GuestWindow,
  inSoftware,
  overTheBus,
  type Translation,
} from '../src/bus-master.ts';
import { Machine } from '../src/machine.ts';
import { profiles } from '../src/profile.ts';

const profile = profiles.get('kvm-x86')!;

function path(translation: Translation) {
  const machine = new Machine(profile);
  const memory = new PagedMemory(16 * PAGE_BYTES);
  return {
    machine,
    memory,
    dma: new DmaPath(machine, { id: 0x10 }, translation, memory, overTheBus),
  };
}

/** Pages in reverse order; page 3 is refused. */
const reversed: Translation = {
  translate: (_requester, iova) => {
    const page = Math.floor(iova / PAGE_BYTES);
    return page === 3 ? -1 : (15 - page) * PAGE_BYTES + (iova % PAGE_BYTES);
  },
  takeLatency: () => 7,
};

describe('DmaPath', () => {
  it('translates each page of a transfer by itself', () => {
    const { dma, memory, machine } = path(reversed);
    expect(dma.write(PAGE_BYTES - 2, Uint8Array.of(1, 2, 3, 4))).toBe(true);
    expect([...memory.bytes.subarray(16 * PAGE_BYTES - 2)]).toEqual([1, 2]);
    expect([...memory.bytes.subarray(14 * PAGE_BYTES, 14 * PAGE_BYTES + 2)]).toEqual([3, 4]);
    const back = new Uint8Array(4);
    expect(dma.read(PAGE_BYTES - 2, back)).toBe(true);
    expect([...back]).toEqual([1, 2, 3, 4]);
    expect(machine.counts.bytesDma).toBe(8);
  });

  it('translates each page once', () => {
    const asked: number[] = [];
    const { dma } = path({
      translate: (_requester, iova) => {
        asked.push(iova);
        return iova;
      },
      takeLatency: () => 0,
    });
    dma.write(PAGE_BYTES + 100, new Uint8Array(2 * PAGE_BYTES));
    expect(asked).toEqual([PAGE_BYTES + 100, 2 * PAGE_BYTES, 3 * PAGE_BYTES]);
  });

  it('moves nothing when one page of a transfer is refused', () => {
    const { dma, memory, machine } = path(reversed);
    expect(dma.write(2 * PAGE_BYTES, new Uint8Array(2 * PAGE_BYTES).fill(9))).toBe(false);
    expect(memory.bytes.every((byte) => byte === 0)).toBe(true);
    expect(machine.counts.bytesDma).toBe(0);
  });

  it('refuses an address that is translated to beyond the memory', () => {
    const { dma } = path({ translate: (_requester, iova) => iova, takeLatency: () => 0 });
    expect(dma.read(16 * PAGE_BYTES, new Uint8Array(4))).toBe(false);
  });

  it('traces its requester, and of a refused transfer the part in the page that was refused', () => {
    const { dma, machine } = path(reversed);
    machine.tracer.recording = true;
    dma.write(PAGE_BYTES - 2, new Uint8Array(4));
    dma.read(2 * PAGE_BYTES + 8, new Uint8Array(PAGE_BYTES));
    dma.read(0, new Uint8Array(4));
    expect([...machine.tracer].map(({ kind, a, b, c }) => [kind, a, b, c])).toEqual([
      ['dmaWrite', PAGE_BYTES - 2, 4, crossing.of(0x10, crossingOf.WRITE)],
      ['dmaRefused', 3 * PAGE_BYTES, 8, crossing.of(0x10, crossingOf.READ)],
      ['dmaRead', 0, 4, crossing.of(0x10, crossingOf.READ)],
    ]);
  });

  it('of a device model in software traces that it crosses no bus', () => {
    const machine = new Machine(profile);
    machine.tracer.recording = true;
    const memory = new PagedMemory(PAGE_BYTES);
    new DmaPath(machine, { id: 0x10 }, new GuestWindow(0, PAGE_BYTES), memory, inSoftware).read(
      0,
      new Uint8Array(4),
    );
    expect([...machine.tracer][0]).toMatchObject({ kind: 'dmaRead', c: crossing.none });
  });

  it('tells how long it took, once', () => {
    const { dma } = path(reversed);
    dma.read(0, new Uint8Array(100));
    const { 'dma.transfer': each, 'dma.byte': byte } = profile.constants;
    expect(dma.takeLatency()).toBeCloseTo(each.value + 100 * byte.value + 7);
    expect(dma.takeLatency()).toBe(0);
  });

  it('keeps a device model within the RAM of its guest', () => {
    const { dma, memory } = path(new GuestWindow(4 * PAGE_BYTES, 2 * PAGE_BYTES));
    expect(dma.write(PAGE_BYTES, Uint8Array.of(5))).toBe(true);
    expect(memory.bytes[5 * PAGE_BYTES]).toBe(5);
    expect(dma.write(2 * PAGE_BYTES - 1, Uint8Array.of(6, 6))).toBe(false);
    expect(dma.write(-1, Uint8Array.of(6))).toBe(false);
  });
});
